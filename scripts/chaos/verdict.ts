/** What must hold after every death: the file has ended, nothing was paid twice, nothing is lost, the books agree. */
import { countStatuses } from '../../src/shared/domain/batch.ts';
import type { FileStatus } from '../../src/shared/domain/file-state.ts';
import { until, type Judged } from './arena.ts';

export const instructions = ['trim the first 3 seconds', 'mute'];

interface BatchView {
  readonly id: string;
  readonly status: string;
  readonly counts: Record<string, number>;
}
interface FileView {
  readonly id: string;
  readonly status: FileStatus;
  readonly error: { code: string } | null;
  readonly session: { id: string } | null;
}

export interface Verdict {
  readonly ended: number;
  readonly lost: number;
  readonly double: number;
  readonly faults: readonly string[];
}

export async function post(arena: Judged, count: number, name: string): Promise<string> {
  const response = await fetch(`${arena.api}/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name,
      instructions,
      webhook: { url: `${arena.receiverUrl}/hook`, secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` },
      files: Array.from({ length: count }, (_, index) => ({
        source: { url: arena.clipUrl(`${index}.mp4`) },
        assets: index === 0 ? [{ url: arena.clipUrl('logo.png') }] : [],
        destination: index === 0 ? { put_url: `${arena.receiverUrl}/put` } : null,
      })),
    }),
  });
  if (response.status !== 202) throw new Error(await response.text());
  return ((await response.json()) as BatchView).id;
}

export const readBatch = async (arena: Judged, id: string): Promise<BatchView> =>
  (await (await fetch(`${arena.api}/batches/${id}`)).json()) as BatchView;

export const hasEnded = ({ status }: BatchView): boolean => ['completed', 'failed', 'canceled'].includes(status);

async function readFiles(arena: Judged, id: string): Promise<FileView[]> {
  const text = await (await fetch(`${arena.api}/batches/${id}/results`)).text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FileView);
}

/** `mayBeUnconfirmed`: files that may honestly say so, at most. */
export async function judge(arena: Judged, batchId: string, count: number, mayBeUnconfirmed: number): Promise<Verdict> {
  const faults: string[] = [];
  const batch = await until(
    `${batchId} ends`,
    async () => {
      const seen = await readBatch(arena, batchId);
      return hasEnded(seen) ? seen : null;
    },
    40_000,
  );
  const files = await readFiles(arena, batchId);
  const bad = files.filter(({ status, error }) => status !== 'completed' && error?.code !== 'edit_unconfirmed');
  const unconfirmed = files.filter(({ error }) => error?.code === 'edit_unconfirmed').length;
  for (const { status, error } of bad) faults.push(`a file ended ${error?.code ?? status}`);
  if (unconfirmed > mayBeUnconfirmed) faults.push(`${unconfirmed} files are unconfirmed`);
  const { total, ...counted } = countStatuses(files.map(({ status }) => status));
  for (const [status, number] of Object.entries(counted)) {
    if (batch.counts[status] !== number) faults.push(`counter ${status} says ${batch.counts[status]}, files ${number}`);
  }
  if (total !== count) faults.push(`${total} of ${count} files`);
  const doubles = paidTwice(arena, files, faults);
  await told(arena, batchId, faults);
  await nothingLeft(arena, batchId, faults);
  return { ended: files.length - bad.length, lost: count - files.length, double: doubles, faults };
}

function paidTwice(arena: Judged, files: readonly FileView[], faults: string[]): number {
  const ledger = arena.sandbox.ledger();
  let doubles = 0;
  for (const file of files) {
    const session = ledger.sessions.find(({ id }) => id === file.session?.id);
    if (session === undefined) continue;
    const texts = session.turns.map(({ text }) => text);
    if (new Set(texts).size !== texts.length || session.charged > 50) doubles += 1;
    if (file.status !== 'completed') continue;
    const applied = session.turns.filter(({ appliedAt }) => appliedAt !== null).map(({ text }) => text);
    if (applied.join('|') !== instructions.join('|')) faults.push(`session has ${applied.join('|')}`);
    const renders = ledger.renders.filter(({ sessionId }) => sessionId === session.id).map(({ id }) => id);
    if (new Set(renders).size !== renders.length || renders.length > 1) doubles += 1;
  }
  if (doubles > 0) faults.push(`${doubles} sessions were paid or rendered twice`);
  return doubles;
}

/** At least once, under one id. */
async function told(arena: Judged, batchId: string, faults: string[]): Promise<void> {
  const ends = () =>
    arena.received.filter(({ body }) => body?.data.batch_id === batchId && body.type.startsWith('batch.'));
  try {
    await until('the webhook', async () => ends().length > 0, 10_000);
  } catch {
    faults.push('no webhook');
  }
  if (new Set(ends().map(({ id }) => id)).size > 1) faults.push('two webhook ids for one end');
}

/** No slot, no due run and no waiting file is left behind. */
async function nothingLeft(arena: Judged, batchId: string, faults: string[]): Promise<void> {
  const { redis, keys, accountId } = arena.ctx;
  const part = batchId.slice('bat_'.length);
  const mine = (ids: readonly string[]): number => ids.filter((id) => id.includes(part)).length;
  try {
    await until(
      'everything is given back',
      async () => {
        const left = await Promise.all([
          redis.smembers(keys.inFlight(accountId)),
          redis.zrange(keys.moving(), 0, '-1'),
          redis.smembers(keys.awaitingUpload()),
        ]);
        return left.every((ids) => mine(ids) === 0) && (await redis.llen(keys.waiting(batchId))) === 0;
      },
      5000,
    );
  } catch {
    faults.push('a slot, a due run or a waiting file is left');
  }
}
