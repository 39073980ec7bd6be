/** Uploads: each kind of source, each refusal, and replies that prove nothing. Never twice into one session. */
import { send } from '../call.ts';
import { must, same, type Row } from '../row.ts';
import type { FileView } from '../types.ts';
import type { FaultOptions, World } from '../world.ts';
import { mustComplete } from './stream-forms.ts';

type Kind = 'url' | 'upload' | 'path';

async function sourceOf(world: World, kind: Kind): Promise<object> {
  if (kind === 'url') return { source: { url: world.clip() } };
  if (kind === 'path') return { source: { path: 'clip.mp4' }, name: world.name() };
  return { source: { upload_id: await world.upload(world.name()) } };
}

async function runFrom(world: World, kind: Kind, extra: object = {}): Promise<FileView> {
  const { id } = await world.post(['mute'], { files: [await sourceOf(world, kind)], ...extra });
  await world.ended(id);
  return world.file(id);
}

const landed = (world: World): string => {
  const sessions = world.sessions();
  return sessions.map(({ uploads }) => uploads.map(({ by }) => by).join('+')).join(' | ');
};

const plain = (kind: Kind, by: string): Row => ({
  what: `upload: source by ${kind}`,
  rule: 'seed: Upload a file (multipart) or URL',
  run: async (world) => {
    mustComplete(await runFrom(world, kind));
    same(landed(world), by, 'uploads');
    return `completed, ${by}`;
  },
});

interface Trouble {
  readonly what: string;
  readonly rule: string;
  readonly fault: string;
  readonly options?: FaultOptions;
  readonly ends?: string;
  readonly calls: number;
}

const at: FaultOptions = { endpoint: 'upload' };
const troubles: readonly Trouble[] = [
  {
    what: '4001',
    rule: 'seed: 4001 unsupported file type',
    fault: 'unsupported-file-type',
    ends: 'unsupported_file_type',
    calls: 1,
  },
  { what: '4002', rule: 'seed: 4002 file too large', fault: 'file-too-large', ends: 'file_too_large', calls: 1 },
  { what: 'bare 413 HTML', rule: 'upstream: 4002 or 413', fault: 'bare-413', ends: 'file_too_large', calls: 1 },
  { what: '403', rule: 'upstream: 403 no retry', fault: 'forbidden', options: at, ends: 'forbidden', calls: 1 },
  { what: 'connection cut at 90 %', rule: 'upstream: faults', fault: 'upload-cut', calls: 2 },
  { what: 'session_state_applied: false', rule: 'upstream: faults', fault: 'upload-not-applied', calls: 2 },
  {
    what: 'lands late',
    rule: 'upstream: faults',
    fault: 'upload-lands-late',
    options: { params: { delayMs: 700 } },
    calls: 1,
  },
  { what: 'missing in the reply', rule: 'upstream: faults', fault: 'upload-file-missing', calls: 2 },
  { what: 'reordered in the reply', rule: 'upstream: faults', fault: 'upload-reordered', calls: 1 },
  { what: 'uploaded_files[].url', rule: 'upstream: also accept', fault: 'upload-other-shape', calls: 1 },
  { what: 'reply lost', rule: 'design §4: marked before it leaves', fault: 'reply-lost', options: at, calls: 1 },
  { what: 'connection reset', rule: 'design §4', fault: 'connection-reset', options: at, calls: 2 },
  { what: '502 HTML', rule: 'design §4', fault: 'bad-gateway', options: at, calls: 2 },
];

const troubleRow = (kind: Kind, { what, rule, fault, options, ends = 'completed', calls }: Trouble): Row => ({
  what: `upload by ${kind}: ${what}`,
  rule,
  // Names in a multipart body are not known before it is read: faults aimed at them need a place of their own.
  ...(kind === 'url' ? {} : { env: {} }),
  run: async (world) => {
    await world.fault(fault, kind === 'url' ? options : { ...options, file: null });
    const file = await runFrom(world, kind);
    same(file.error?.code ?? file.status, ends, 'the file');
    if (calls === 1 && ends === 'completed') same(world.sessions().length, 1, 'sessions');
    const made = kind === 'url' ? null : (world.ledger().counts['upload']?.total ?? 0);
    if (made !== null && fault !== 'upload-lands-late') same(made, calls, 'upload calls');
    return `${ends}, landed ${landed(world) || 'nowhere'}`;
  },
});

export const rows: readonly Row[] = [
  plain('url', 'url'),
  plain('upload', 'multipart'),
  plain('path', 'multipart'),
  ...troubles.map((trouble) => troubleRow('url', trouble)),
  ...troubles.map((trouble) => troubleRow('upload', trouble)),
  {
    what: 'upload: a real file beyond the limit',
    rule: 'seed: Max file size is 500MB',
    sandbox: { maxFileBytes: 10_000 },
    run: async (world) => {
      for (const kind of ['upload', 'url'] as const) {
        const file = await runFrom(world, kind);
        same(file.error?.code, 'file_too_large', kind);
        must(/compress|trim/iu.test(file.error?.message ?? ''), `the advice: ${file.error?.message}`);
      }
      return 'file_too_large by multipart and by URL, with advice';
    },
  },
  {
    what: 'upload: 4001 shows the accepted formats',
    rule: 'seed: 4001 show accepted formats',
    run: async (world) => {
      await world.fault('unsupported-file-type');
      const { error } = await runFrom(world, 'url');
      const formats = 'mp4 mov avi webm mkv jpg png gif webp mp3 wav m4a aac'.split(' ');
      same(
        formats.filter((format) => !error?.message.includes(format)),
        [],
        'formats that are not named',
      );
      return error?.message ?? '';
    },
  },
  {
    what: 'upload: a type that is not accepted, refused at once',
    rule: 'seed: Accepted file types',
    run: async (world) => {
      const body = { instructions: ['mute'], files: [{ source: { url: world.clip(0, 'txt') } }] };
      const posted = await world.api('POST', '/batches', body);
      const uploaded = await send('POST', `${world.place.service}/uploads?name=a.txt`, Buffer.from('text'));
      must(posted.status >= 400 && uploaded.status === 415, `${posted.status} and ${uploaded.status}`);
      return `POST /batches ${posted.status}, POST /uploads 415`;
    },
  },
  ...['mp4', 'mov', 'avi', 'webm', 'mkv'].map((extension): Row => ({
    what: `upload: .${extension}`,
    rule: 'seed: Accepted file types',
    run: async (world) => {
      const { id } = await world.post(['mute'], { files: [{ source: { url: world.clip(0, extension) } }] });
      await world.ended(id);
      mustComplete(await world.file(id));
      return 'completed';
    },
  })),
  {
    what: 'upload: assets of each kind beside the source',
    rule: 'seed: add a logo watermark; accepted types',
    run: async (world) => {
      const extensions = ['png', 'jpg', 'gif', 'webp', 'mp3', 'wav', 'm4a', 'aac'];
      const assets = extensions.map((extension) => ({ url: world.clip(0, extension) }));
      const { id } = await world.post(['add a logo watermark and trim the first 3 seconds from all videos'], {
        assets,
      });
      await world.ended(id);
      mustComplete(await world.file(id));
      same(world.sessions()[0]?.uploads.length, 1 + extensions.length, 'uploads');
      return `completed, ${1 + extensions.length} uploads`;
    },
  },
  {
    what: 'upload: an asset whose reply is lost is not uploaded twice',
    rule: 'design §4: never twice into one session',
    run: async (world) => {
      await world.fault('reply-lost', { endpoint: 'upload', skip: 1 });
      const { id } = await world.post(['add a logo watermark'], { assets: [{ url: world.clip(0, 'png') }] });
      await world.ended(id);
      mustComplete(await world.file(id));
      return `completed, landed ${landed(world)}`;
    },
  },
];
