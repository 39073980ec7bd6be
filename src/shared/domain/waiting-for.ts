/**
 * What a file that does not move waits for (design §2 "Says why"). Null: it moves, or it has ended. Built from the
 * record and what was seen of its batch and account; it decides nothing.
 */
import { isFree } from './effects.ts';
import type { FileRecord } from './file.ts';
import type { BlockReason, FileState, Work } from './file-state.ts';

export interface WaitingFor {
  readonly reason: 'slot' | 'lane' | 'rate_limit' | 'credits' | 'token' | 'pause' | 'recheck' | 'upstream';
  /** When it goes on, in ms of Redis' clock; null where nobody can know. */
  readonly until: number | null;
  /** Distance to the head of the waiting list, approximate. */
  readonly position: number | null;
  readonly detail: string | null;
}

export interface Seen {
  readonly batchPaused: boolean;
  readonly blocked: { readonly reason: BlockReason } | null;
  readonly accountUntil: number | null;
  readonly accountDown: boolean;
  readonly position: number | null;
  /** The batch runs in lanes (`max_sessions`): what is scarce is a lane, not a slot. */
  readonly lanes?: boolean;
}

type Why = Pick<WaitingFor, 'reason'> & Partial<WaitingFor>;

const because = (why: Why): WaitingFor => ({ until: null, position: null, detail: null, ...why });

export function waitingFor(file: FileRecord, seen: Seen, now: number): WaitingFor | null {
  const { state } = file;
  switch (state.status) {
    case 'queued':
      return listed(file, seen, now);
    case 'parked':
      return becauseBlocked(state.reason);
    case 'completed':
    case 'failed':
    case 'canceled':
      return null;
    case 'uploading':
    case 'editing':
    case 'checking':
    case 'rendering':
    case 'delivering':
      if (state.place === 'held') return because({ reason: 'pause' });
      return state.place === 'waiting' ? listed(file, seen, now) : inFlight(state, seen, now);
  }
}

function becauseBlocked(reason: BlockReason): WaitingFor {
  if (reason === 'token_invalid') return because({ reason: 'token', detail: tokenDetail });
  return because({ reason: 'credits', detail: reason });
}

/** Waiting alone may take a week: the upstream grants one anonymous token in seven days. */
const tokenDetail = 'The upstream gives no valid token: set NEMO_TOKEN to a live one.';

/** In a waiting list: what keeps it there, the longest reason first. */
function listed(file: FileRecord, seen: Seen, now: number): WaitingFor {
  const { position, blocked } = seen;
  const { state } = file;
  // Delivery is none of the things that a pause holds back (design §5 "Pause").
  if (seen.batchPaused && state.status !== 'delivering') return because({ reason: 'pause', position });
  if (blocked !== null && holdsBack(blocked.reason, file)) return { ...becauseBlocked(blocked.reason), position };
  const account = accountClosed(seen, now);
  if (account !== null) return { ...account, position };
  return because({ reason: inLanes(file, seen) ? 'lane' : 'slot', position });
}

/** Without credits, what is free goes on; `max_credits` holds back new sessions alone (design §6). */
function holdsBack(reason: BlockReason, { state, session }: FileRecord): boolean {
  switch (reason) {
    case 'token_invalid':
      return true;
    case 'out_of_credits':
      return !isFree(state);
    case 'max_credits':
      return state.status === 'queued' || (state.status === 'uploading' && session === null);
  }
}

/** A message on a file of a lane has a session of its own, and a render waits for no lane. */
const inLanes = ({ state, kept }: FileRecord, { lanes }: Seen): boolean =>
  lanes === true && kept === null && !isFree(state);

function accountClosed({ accountUntil, accountDown }: Seen, now: number): WaitingFor | null {
  if (accountUntil !== null && accountUntil > now) return because({ reason: 'rate_limit', until: accountUntil });
  return accountDown ? because({ reason: 'upstream' }) : null;
}

function inFlight(state: Work, seen: Seen, now: number): WaitingFor | null {
  if (state.due > now) {
    // Between two polls of a render nothing is waited for: the upstream is at work.
    return state.wait === null ? null : because({ ...state.wait, until: state.due });
  }
  // Streams that are open go on through a pause of the account (design §5 "Window"); bytes go to a destination of the caller.
  if (isStreaming(state) || state.status === 'delivering') return null;
  return accountClosed(seen, now);
}

const isStreaming = (state: FileState): boolean =>
  state.status === 'editing' && state.turn !== null && state.turn.end === null && !state.lookFirst;
