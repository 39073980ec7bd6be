/** Turns whose stream comes in an odd form, or without words: the edit is applied, and must count as applied, once. */
import { must, same, type Row } from '../row.ts';
import type { FileView } from '../types.ts';
import type { FaultOptions, World } from '../world.ts';

const instructions = ['trim the first 3 seconds', '静音'];

export async function runOne(world: World, texts: readonly string[] = instructions): Promise<FileView> {
  const { id } = await world.post(texts);
  await world.ended(id);
  return world.file(id);
}

export function mustComplete(file: FileView): void {
  same(file.error?.code ?? file.status, 'completed', 'the file');
}

export const repliesOf = (file: FileView): string[] => file.steps.flatMap(({ reply }) => reply ?? []);

const turnsOf = (world: World): string => {
  const turns = world.sessions().flatMap((session) => session.turns);
  return `${turns.length} turns sent, ${turns.filter(({ appliedAt }) => appliedAt !== null).length} applied`;
};

interface Form {
  readonly fault: string;
  readonly options?: FaultOptions;
  readonly rule: string;
  readonly what: string;
  readonly look?: (file: FileView, world: World) => void;
  readonly env?: Readonly<Record<string, string>>;
}

const doubled = (file: FileView): void => {
  for (const reply of repliesOf(file)) {
    const half = reply.slice(0, Math.floor(reply.length / 2)).trim();
    must(half === '' || reply.split(half).length < 3, `the reply is doubled: ${reply}`);
  }
};
const noIssue = (file: FileView): void =>
  must(!repliesOf(file).some((reply) => /temporary issue/iu.test(reply)), `kept: ${repliesOf(file).join(' | ')}`);
const spoke = (file: FileView): void => must(repliesOf(file).length > 0, 'no reply is kept');

const heartbeat = (form: string): Form => ({
  what: `heartbeats only (${form}), applied`,
  rule: 'seed: heartbeat / empty data → keep waiting',
  fault: 'heartbeats-only',
  options: { params: { form, everyMs: 60, forMs: 400, apply: true } },
});

const every = { times: null };
/** A write a byte takes its time on a busy machine. */
const patient = { EDIT_TIMEOUT_MS: '20000', EDIT_IDLE_MS: '20000' };
const forms: readonly Form[] = [
  {
    what: 'split at every byte',
    rule: 'upstream: faults',
    fault: 'split-bytes',
    options: every,
    look: spoke,
    env: patient,
  },
  {
    what: 'split inside a character',
    rule: 'upstream: faults',
    fault: 'split-in-character',
    options: every,
    look: (file) => must(!repliesOf(file).some((reply) => reply.includes('\ufffd')), 'a character is broken'),
  },
  { what: 'CRLF', rule: 'upstream: faults', fault: 'crlf', options: every, look: spoke },
  { what: 'no final blank line', rule: 'upstream: faults', fault: 'no-final-blank-line', options: every },
  {
    what: 'partial, then the whole again',
    rule: 'upstream: dialect B',
    fault: 'partial-aggregated',
    options: every,
    look: doubled,
  },
  { what: 'malformed line', rule: 'upstream: faults', fault: 'malformed-line', options: every, look: spoke },
  { what: 'unknown types', rule: 'upstream: faults', fault: 'unknown-types', options: every, look: spoke },
  { what: 'silent edit', rule: 'seed: ~30 % return no text', fault: 'silent-edit', options: every },
  {
    what: 'trailing "temporary issue"',
    rule: 'upstream rule 5',
    fault: 'temporary-issue-trailing',
    options: every,
    look: noIssue,
  },
  {
    what: 'lone "temporary issue", applied',
    rule: 'upstream rules 1, 5',
    fault: 'temporary-issue-alone',
    options: { params: { apply: true } },
    look: noIssue,
  },
  {
    what: 'GUI text',
    rule: 'seed: GUI translation',
    fault: 'gui-text',
    options: every,
    look: (file, world) => {
      must(
        !repliesOf(file).some((reply) => /\b(click|drag)\b|点击|拖拽/iu.test(reply)),
        `kept: ${repliesOf(file).join(' | ')}`,
      );
      same(world.calls('render').length, 1, 'exports');
    },
  },
  {
    what: 'slow answer',
    rule: 'upstream: faults',
    fault: 'slow',
    options: { endpoint: 'run_sse', params: { delayMs: 400 } },
  },
  ...['word', 'json', 'event', 'empty', 'comment', 'mixed'].map(heartbeat),
];

const toRow = ({ what, rule, fault, options, look, env }: Form): Row => ({
  what: `turn: ${what}`,
  rule,
  ...(env === undefined ? {} : { env }),
  run: async (world) => {
    await world.fault(fault, options);
    const file = await runOne(world);
    mustComplete(file);
    look?.(file, world);
    same(world.sessions().length, 1, 'sessions');
    return `completed, ${turnsOf(world)}`;
  },
});

export const rows: readonly Row[] = [
  {
    what: 'turn: a normal one, with text',
    rule: 'seed: Text response; tool calls not forwarded',
    run: async (world) => {
      const file = await runOne(world);
      mustComplete(file);
      spoke(file);
      must(
        !repliesOf(file).some((reply) => /edit_multitrack|operations|Working out/u.test(reply)),
        `forwarded: ${repliesOf(file).join()}`,
      );
      return `completed, ${turnsOf(world)}, ${repliesOf(file).length} replies`;
    },
  },
  ...forms.map(toRow),
];
