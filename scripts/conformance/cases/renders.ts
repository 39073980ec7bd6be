/** Exports: submit once, poll whatever comes, look at the output before it is called one. */
import { must, same, type Row } from '../row.ts';
import { clipBytes } from '../servers.ts';
import type { FileView } from '../types.ts';
import type { FaultOptions, World } from '../world.ts';
import { runOne } from './stream-forms.ts';

export const texts = ['mute'];

export const rendersOf = (world: World): readonly { id: string; status: string; duplicates: number }[] => {
  const ids = new Set(world.sessions().map(({ id }) => id));
  return world.ledger().renders.filter(({ sessionId }) => ids.has(sessionId));
};

/** The output's bytes, by the link that the service gives. */
async function mustServe(world: World, file: FileView): Promise<string> {
  const url = file.output?.url ?? '';
  const full = url.startsWith('/') ? `${world.place.service}${url}` : url;
  const response = await fetch(full);
  const bytes = Buffer.from(await response.arrayBuffer());
  must(bytes.equals(clipBytes), `${full} serves ${response.status}, ${bytes.length} bytes`);
  return url.startsWith('/') ? 'own /content' : 'upstream link';
}

export interface Exported {
  readonly what: string;
  readonly rule: string;
  readonly faults: readonly (readonly [string, FaultOptions?])[];
  /** Renders that the upstream has taken. */
  readonly renders?: number;
  readonly ends?: string;
  readonly link?: string;
  /** The id must have been posted again, so that the answer to a duplicate was met. */
  readonly isMetTwice?: true;
}

const atPoll = (times: number | null = 2): FaultOptions => ({ endpoint: 'render-poll', times });
const poll = 'seed: poll every 30 s; upstream: poll on';

const exported: readonly Exported[] = [
  { what: 'a normal one', rule: 'seed: Export', faults: [], renders: 1, link: 'upstream link' },
  { what: 'failed once', rule: 'upstream: failed → a new id, once', faults: [['render-failed']], renders: 2 },
  {
    what: 'failed twice',
    rule: 'upstream: failed → a new id, once',
    faults: [['render-failed', { times: 2 }]],
    renders: 2,
    ends: 'render_failed',
  },
  { what: 'stuck', rule: 'upstream: at most 10 polls', faults: [['render-stuck']], renders: 1, ends: 'render_timeout' },
  {
    what: 'truncated file',
    rule: 'upstream: faults',
    faults: [['render-truncated']],
    renders: 1,
    link: 'own /content',
  },
  {
    what: 'truncated file, /download away for a while',
    rule: 'design §5: an outage is no failed render',
    faults: [['render-truncated'], ['bad-gateway', { endpoint: 'download', times: 3 }]],
    renders: 1,
    link: 'own /content',
  },
  {
    what: 'dead link, /download works',
    rule: 'upstream: download',
    faults: [['render-url-404']],
    renders: 1,
    link: 'own /content',
  },
  {
    what: 'dead link, /download gives a URL',
    rule: 'upstream: download',
    faults: [['render-url-404'], ['download-as-json', { times: null }]],
    renders: 1,
  },
  {
    what: 'completed before the URL',
    rule: 'upstream: completed may precede the URL',
    faults: [['render-completed-without-url', { times: 2 }]],
    renders: 1,
  },
  {
    what: 'unknown status',
    rule: 'upstream: still rendering',
    faults: [['render-unknown-status', { times: 2 }]],
    renders: 1,
  },
  {
    what: 'progress backwards',
    rule: 'upstream: faults',
    faults: [['render-progress-backwards', { times: 2 }]],
    renders: 1,
  },
  { what: 'shape L', rule: 'upstream: two reply shapes', faults: [['render-shape', { times: null }]], renders: 1 },
  {
    what: 'shape switching between polls',
    rule: 'upstream: possibly mixed',
    faults: [
      ['render-unknown-status', { times: 3 }],
      ['render-shape', { skip: 1 }],
      ['render-shape', { skip: 1 }],
    ],
    renders: 1,
  },
  { what: '502 HTML between polls', rule: poll, faults: [['bad-gateway', atPoll(3)]], renders: 1 },
  { what: 'connection reset at polls', rule: poll, faults: [['connection-reset', atPoll(3)]], renders: 1 },
  {
    what: '500 at polls, more than RENDER_MAX_POLLS',
    rule: 'design §5: does not count',
    faults: [['server-error', atPoll(12)]],
    renders: 1,
  },
  {
    what: 'reply lost after the submit',
    rule: 'seed: an id that is lost orphans the job',
    faults: [['reply-lost', { endpoint: 'render' }]],
    renders: 1,
  },
  {
    what: 'connection reset at the submit',
    rule: 'design §4: POST the same id',
    faults: [['connection-reset', { endpoint: 'render' }]],
    renders: 1,
  },
  {
    what: 'duplicate id: an error',
    rule: 'upstream: handle both',
    faults: [
      ['reply-lost', { endpoint: 'render' }],
      ['json-404', { endpoint: 'render-poll' }],
      ['render-duplicate-error', { times: null }],
    ],
    renders: 1,
    isMetTwice: true,
  },
  {
    what: 'duplicate id: the job that exists',
    rule: 'upstream: handle both',
    faults: [
      ['reply-lost', { endpoint: 'render' }],
      ['json-404', { endpoint: 'render-poll' }],
    ],
    renders: 1,
    isMetTwice: true,
  },
  {
    what: '502 HTML at the submit',
    rule: 'design §4',
    faults: [['bad-gateway', { endpoint: 'render', times: 2 }]],
    renders: 1,
  },
  {
    what: 'blocked by the plan (402)',
    rule: 'seed: 402 free plan export blocked',
    faults: [['export-blocked']],
    renders: 0,
    ends: 'export_blocked',
  },
  {
    what: 'forbidden (403)',
    rule: 'upstream: 403 no retry',
    faults: [['forbidden', { endpoint: 'render' }]],
    renders: 0,
    ends: 'forbidden',
  },
];

const toRow = ({ what, rule, faults, renders, ends = 'completed', link, isMetTwice }: Exported): Row => ({
  what: `render: ${what}`,
  rule,
  run: async (world) => {
    for (const [name, options] of faults) await world.fault(name, options);
    const file = await runOne(world, texts);
    same(file.error?.code ?? file.status, ends, 'the file');
    if (renders !== undefined) same(rendersOf(world).length, renders, 'renders taken');
    same(world.calls('run_sse').length, 1, 'turns');
    if (isMetTwice === true) same(rendersOf(world)[0]?.duplicates, 1, 'posts of a known id');
    if (ends !== 'completed') return `${ends}, ${rendersOf(world).length} renders`;
    const served = await mustServe(world, file);
    if (link !== undefined) same(served, link, 'the output');
    return `completed by ${served}, ${rendersOf(world).length} renders`;
  },
});

export const rows: readonly Row[] = exported.map(toRow);
