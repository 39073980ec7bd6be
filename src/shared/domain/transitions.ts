/**
 * Which events move a file from which status to which. `decide` is the rule; this is the map of it, which a test holds
 * against every move that `decide` can make, so that the diagram in the documentation cannot go stale.
 */
import type { FileEvent } from './events.ts';
import { fileStatuses, type FileStatus } from './file-state.ts';
import { isFinal } from './batch.ts';

type EventName = FileEvent['type'];

export interface Transition {
  readonly from: FileStatus;
  readonly to: FileStatus;
  /** Any of these may do it, depending on the rest of the record. */
  readonly by: readonly EventName[];
}

type Ways = Partial<Record<FileStatus, readonly EventName[]>>;

/** A file goes back to `completed` where what moves it is a message on a finished one: failed or canceled, it gives that back. */
const ways: Readonly<Record<FileStatus, Ways>> = {
  queued: {
    uploading: ['admitted'],
    failed: ['expired'],
    canceled: ['canceled'],
  },
  uploading: {
    editing: ['upload-looked-for', 'uploaded'],
    parked: ['call-faulted', 'parked'],
    completed: ['call-faulted', 'canceled', 'crashed', 'expired', 'step-refused'],
    failed: ['call-faulted', 'crashed', 'expired', 'step-refused'],
    canceled: ['canceled'],
  },
  editing: {
    uploading: ['call-faulted', 'state-read', 'turn-not-taken'],
    checking: ['turn-ended', 'turn-found-open'],
    rendering: ['state-read'],
    parked: ['call-faulted', 'parked', 'turn-not-taken'],
    completed: ['call-faulted', 'canceled', 'crashed', 'expired', 'state-read', 'step-refused', 'turn-not-taken'],
    failed: ['call-faulted', 'crashed', 'expired', 'state-read', 'step-refused', 'turn-not-taken'],
    canceled: ['canceled'],
  },
  checking: {
    uploading: ['call-faulted', 'turn-not-taken'],
    editing: ['state-read', 'turn-ended', 'turn-not-taken'],
    rendering: ['state-read'],
    parked: ['call-faulted', 'parked', 'state-read', 'turn-not-taken'],
    completed: ['call-faulted', 'canceled', 'crashed', 'expired', 'state-read', 'step-refused', 'turn-not-taken'],
    failed: ['call-faulted', 'crashed', 'expired', 'state-read', 'step-refused', 'turn-not-taken'],
    canceled: ['canceled'],
  },
  rendering: {
    uploading: ['call-faulted'],
    delivering: ['rendered'],
    parked: ['call-faulted', 'parked'],
    completed: [
      'call-faulted',
      'canceled',
      'crashed',
      'expired',
      'render-failed',
      'render-going-on',
      'render-submitted',
      'rendered',
      'step-refused',
      'timeline-empty',
    ],
    failed: [
      'call-faulted',
      'crashed',
      'expired',
      'render-failed',
      'render-going-on',
      'render-submitted',
      'step-refused',
      'timeline-empty',
    ],
    canceled: ['canceled'],
  },
  delivering: {
    uploading: ['call-faulted'],
    parked: ['call-faulted', 'parked'],
    completed: ['call-faulted', 'canceled', 'crashed', 'delivered', 'delivery-refused', 'expired', 'step-refused'],
    failed: ['call-faulted', 'crashed', 'delivery-refused', 'expired', 'step-refused'],
    canceled: ['canceled'],
  },
  parked: {
    uploading: ['unparked'],
    editing: ['unparked'],
    checking: ['unparked'],
    rendering: ['unparked'],
    delivering: ['unparked'],
    completed: ['canceled', 'expired'],
    failed: ['expired'],
    canceled: ['canceled'],
  },
  completed: {
    uploading: ['messaged'],
    editing: ['messaged'],
    rendering: ['messaged'],
  },
  failed: {
    uploading: ['retried'],
    editing: ['retried'],
    checking: ['retried'],
    rendering: ['retried'],
    delivering: ['retried'],
  },
  canceled: {},
};

export const transitions: readonly Transition[] = fileStatuses.flatMap((from) =>
  fileStatuses.flatMap((to) => {
    const by = ways[from][to];
    return by === undefined ? [] : [{ from, to, by }];
  }),
);

/** The same as a mermaid state diagram. */
export function stateDiagram(): string {
  const moves = transitions.map(({ from, to, by }) => `    ${from} --> ${to}: ${by.join(', ')}`);
  const ends = fileStatuses.filter(isFinal).map((status) => `    ${status} --> [*]`);
  return ['stateDiagram-v2', '    [*] --> queued', ...moves, ...ends, ''].join('\n');
}
