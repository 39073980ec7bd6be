/** Turns that were not applied, or of which nobody knows: each must end as itself, and nothing unknown is ever sent again. */
import { must, same, type Row } from '../row.ts';
import type { FileView } from '../types.ts';
import type { FaultOptions, World } from '../world.ts';
import { mustComplete, repliesOf, runOne } from './stream-forms.ts';

export const turnsSent = (world: World): number => world.sessions().flatMap(({ turns }) => turns).length;

export function mustFail(file: FileView, code: string): void {
  same(file.error?.code ?? file.status, code, 'the file');
}

interface Outcome {
  readonly what: string;
  readonly rule: string;
  readonly fault: string;
  readonly options?: FaultOptions;
  /** An error code, or 'completed'. */
  readonly ends: string;
  readonly turns?: number;
  readonly look?: (file: FileView, world: World) => string | void;
}

const first = { text: 'trim' };
const ofFirst = (params: Readonly<Record<string, unknown>>): FaultOptions => ({ ...first, params });
const hasReply = (file: FileView): string => {
  const [reply] = repliesOf(file);
  must(reply !== undefined, 'the reply is not kept');
  return `reply "${reply.slice(0, 40)}"`;
};
const readsAtLeast = (least: number) => (_file: FileView, world: World) => {
  const reads = world.calls('state').length;
  must(reads >= least, `${reads} reads of the state`);
  return `${reads} reads`;
};

/** EDIT_RECHECKS of the rows' service. */
const rechecks = 4;

const outcomes: readonly Outcome[] = [
  {
    what: 'silent no-op',
    rule: 'upstream rule 1; design §4 (4)',
    fault: 'silent-no-op',
    options: first,
    ends: 'edit_not_applied',
    turns: 1,
    look: readsAtLeast(2 + rechecks),
  },
  {
    what: 'claims "Done.", nothing applied',
    rule: 'upstream rule 1',
    fault: 'claimed-no-op',
    options: first,
    ends: 'edit_not_applied',
    turns: 1,
    look: hasReply,
  },
  {
    what: 'answers with a question',
    rule: 'upstream rule 8',
    fault: 'question-reply',
    options: first,
    ends: 'edit_not_applied',
    turns: 1,
    look: hasReply,
  },
  {
    what: 'lone "temporary issue", not applied',
    rule: 'upstream rule 5: not an answer',
    fault: 'temporary-issue-alone',
    options: first,
    ends: 'edit_not_applied',
    turns: 1,
    look: readsAtLeast(2 + rechecks),
  },
  {
    what: 'cut, applied before',
    rule: 'upstream rules 2, 3',
    fault: 'sse-cut-applied-before',
    options: first,
    ends: 'completed',
    turns: 2,
  },
  {
    what: 'cut, applied at once after',
    rule: 'upstream rules 2, 3',
    fault: 'sse-cut-applied-later',
    options: first,
    ends: 'completed',
    turns: 2,
  },
  {
    what: 'cut, applied 800 ms later',
    rule: 'upstream rules 2, 3',
    fault: 'sse-cut-applied-later',
    options: ofFirst({ afterMs: 800 }),
    ends: 'completed',
    turns: 2,
  },
  {
    what: 'cut, never applied',
    rule: 'upstream rules 2, 3',
    fault: 'sse-cut-never-applied',
    options: first,
    ends: 'edit_unconfirmed',
    turns: 1,
    look: readsAtLeast(rechecks),
  },
  {
    what: 'answer lost, turn goes on',
    rule: 'upstream rule 2',
    fault: 'reply-lost',
    options: { ...first, endpoint: 'run_sse' },
    ends: 'completed',
    turns: 2,
  },
  {
    what: 'reset before the answer, turn not taken',
    rule: 'upstream rule 2',
    fault: 'connection-reset',
    options: { ...first, endpoint: 'run_sse' },
    ends: 'edit_unconfirmed',
    turns: 0,
  },
  {
    what: 'heartbeats past the limit, not applied',
    rule: 'upstream rule 4',
    fault: 'heartbeats-only',
    options: ofFirst({ everyMs: 100 }),
    ends: 'edit_unconfirmed',
    turns: 1,
  },
  {
    what: 'heartbeats past the limit, applied',
    rule: 'upstream rule 4',
    fault: 'heartbeats-only',
    options: ofFirst({ everyMs: 100, apply: true }),
    ends: 'completed',
    turns: 2,
  },
  {
    what: 'an open stream without a byte, applied',
    rule: 'upstream rule 4',
    fault: 'stream-stall',
    options: ofFirst({ apply: true }),
    ends: 'completed',
    turns: 2,
  },
  {
    what: 'an open stream without a byte, not applied',
    rule: 'upstream rule 4',
    fault: 'stream-stall',
    options: first,
    ends: 'edit_unconfirmed',
    turns: 1,
  },
  {
    what: 'error event, not applied',
    rule: 'design §4 (5)',
    fault: 'stream-error',
    options: first,
    ends: 'edit_unconfirmed',
    turns: 1,
  },
  {
    what: 'error event, applied all the same',
    rule: 'design §4 (5)',
    fault: 'stream-error',
    options: ofFirst({ apply: true }),
    ends: 'completed',
    turns: 2,
  },
  {
    what: '502 HTML in place of the stream',
    rule: 'design §4 (5): 5xx → checking',
    fault: 'bad-gateway',
    options: { ...first, endpoint: 'run_sse' },
    ends: 'edit_unconfirmed',
    turns: 0,
  },
  {
    what: '500 in place of the stream',
    rule: 'design §4 (5): 5xx → checking',
    fault: 'server-error',
    options: { ...first, endpoint: 'run_sse' },
    ends: 'edit_unconfirmed',
    turns: 0,
  },
];

const toRow = ({ what, rule, fault, options, ends, turns, look }: Outcome): Row => ({
  what: `turn: ${what}`,
  rule,
  run: async (world) => {
    await world.fault(fault, options);
    const file = await runOne(world, ['trim the first 3 seconds', 'mute']);
    if (ends === 'completed') mustComplete(file);
    else mustFail(file, ends);
    if (turns !== undefined) same(turnsSent(world), turns, 'turns taken');
    const posts = world.calls('run_sse').length;
    must(posts === (ends === 'completed' ? 2 : 1), `${posts} POSTs of turns`);
    const more = look?.(file, world);
    return [ends, `${posts} POSTs`, more].filter(Boolean).join(', ');
  },
});

export const rows: readonly Row[] = outcomes.map(toRow);
