/** Walks every state that the catalogue of events can lead to, as far as `decide` can tell states apart. */
import { decide } from '../../../src/shared/domain/decide.ts';
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import type { Policy } from '../../../src/shared/domain/policy.ts';
import { catalogue, type Dice } from './event-catalogue.ts';
import {
  aFile,
  checking,
  delivering,
  editing,
  output,
  policy,
  rendering,
  t0,
  uploading,
  withDestination,
} from './records.ts';

/** As few repeats as the rules allow: a bound of one shows the same ways as a bound of five. */
const short: Policy = { ...policy, editRechecks: 1, renderMaxPolls: 2, rateLimitAttempts: 1, upstreamGiveUpMs: 1 };
const long = 10 * policy.editTimeoutMs;

const dices: readonly Dice[] = ['A', 'B'].flatMap((fingerprint) =>
  [true, false].map((flag) => ({ stale: 0, nonce: 7, fingerprint, flag, until: null })),
);

const ignored = ['due', 'at', 'sentAt', 'tally', 'crashes', 'wait', 'tools', 'finishedAt', 'message', 'step', 'reply'];
const onlyWhether = ['excludedMs', 'unequal', 'unchanged', 'unchangedReads', 'polls', 'failures', 'misses'];
const verdicts = ['session_lost', 'edit_not_applied', 'nothing_to_render', 'rate_limited', 'out_of_credits'];

/** What tells two records apart: times not at all, counts by whether they are there, codes by whether one looks at them. */
function keyOf({ state, session, uploaded, applied, settled, kept, input, instructions }: FileRecord): string {
  const coarse = (key: string, value: unknown): unknown => {
    if (key === 'at' && typeof value === 'object') return value;
    if (ignored.includes(key)) return null;
    if (onlyWhether.includes(key)) return Number(value) > 0;
    if (['code', 'errorCode', 'reason'].includes(key)) return verdicts.find((code) => code === value) ?? null;
    return value;
  };
  const rest = [session?.paid, uploaded, applied, settled !== null, kept !== null, instructions.length];
  return JSON.stringify([state, rest, input.destination !== null], coarse);
}

/** Files at the end of what they are allowed, which the key above would not tell from fresh ones. */
const spent = { counted: 1, limited: 1, since: t0 - long, lastAt: t0, inRow: 1 };
const bounded = [
  uploading({ crashes: 4 }),
  uploading({ tally: spent }, { restarts: 3 }),
  editing({ crashes: 4 }),
  editing({ tally: spent }, { restarts: 3 }),
  checking({ crashes: 4 }),
  checking({ tally: spent }, { restarts: 3 }),
  rendering({ crashes: 4 }),
  rendering({ tally: spent }, { restarts: 3 }),
  delivering({ crashes: 4 }),
  delivering({ tally: spent }, { restarts: 3 }),
];
const kept = { output, finishedAt: t0, instructions: 2, assets: 0 };
const atTheirBounds = [...bounded, ...bounded.map((file) => ({ ...file, kept }))];

export interface Move {
  readonly from: FileRecord;
  readonly event: FileEvent;
  readonly to: FileRecord;
}

export function explore(visit: (move: Move) => void): number {
  const one = { ...aFile(), instructions: ['one'] };
  const queue: FileRecord[] = [one, withDestination(one)];
  for (const from of atTheirBounds) moves(from, visit);
  const seen = new Set(queue.map(keyOf));
  for (const from of queue) {
    moves(from, (move) => {
      visit(move);
      const key = keyOf(move.to);
      if (seen.has(key)) return;
      seen.add(key);
      queue.push(move.to);
    });
  }
  return queue.length;
}

function moves(from: FileRecord, visit: (move: Move) => void): void {
  for (const event of eventsFor(from)) {
    for (const now of [t0, t0 + long]) {
      const to = decide(from, event, now, short);
      if (to !== from) visit({ from, event, to });
    }
  }
}

/** A lane or a pause changes where a file is, never the ways it can go; these faults have neighbours that react alike. */
const alike = [
  'to a lane',
  'held',
  'not_found',
  'session_unconfirmed',
  'client_id_missing',
  'timed_out',
  'connection_lost',
  'file_too_large',
  'unsupported_file_type',
  'source_unreachable',
  'duplicate_render',
];

function eventsFor(file: FileRecord): FileEvent[] {
  const events = new Map<string, FileEvent>();
  for (const [name, make] of Object.entries(catalogue)) {
    if (alike.some((end) => name.endsWith(end))) continue;
    for (const dice of dices) {
      const event = make(file, dice);
      // One message is enough: more of them only make the list of instructions longer.
      if (event.type !== 'messaged' || (file.instructions.length < 2 && event.assets.length === 0)) {
        events.set(JSON.stringify(event), event);
      }
    }
  }
  return [...events.values()];
}
