/**
 * What has happened to a file, as past facts. Everything `decide` needs to know of the outside stands in the event:
 * it never looks anywhere. An event of a run carries that run's number, so a late one changes nothing; the end of a
 * turn carries the turn's id instead, and counts from whichever run saw it (design §4).
 */
import type { Session, Source, Timeline } from './file.ts';
import type { BlockReason, Output } from './file-state.ts';
import type { ErrorCode } from './error-codes.ts';

/** What went wrong with a call, as the upstream client names it. */
export interface Fault {
  readonly code: string;
  readonly upstreamCode: number | null;
  readonly detail: string;
}

/** What a read of a session's state says about it. */
export interface StateRead {
  readonly fingerprint: string;
  /** The read right before this one said the same. Asked for where no settled read stands behind it: before a first turn. */
  readonly steady: boolean;
  /** Entries of the media list. */
  readonly media: number;
  readonly generatedMedia: number;
  readonly renderable: boolean;
  readonly timeline: Timeline | null;
}

/** Placement: who may work on the file. */
export type PlacementEvent =
  | {
      readonly type: 'admitted';
      readonly session: Session | null;
      readonly lane: number | null;
      /** Not before, in ms of Redis' clock: the account comes back from a pause. Absent: at once. */
      readonly notBefore?: number | null;
    }
  | { readonly type: 'held'; readonly run: number }
  | { readonly type: 'released' }
  | { readonly type: 'parked'; readonly run: number; readonly reason: BlockReason }
  | { readonly type: 'unparked' };

/** What the caller, or time, does to a file. */
export type CallerEvent =
  | { readonly type: 'canceled' }
  | { readonly type: 'retried' }
  | { readonly type: 'expired' }
  | {
      readonly type: 'messaged';
      readonly action: 'edit' | 'render' | 'upload';
      readonly text: string | null;
      readonly assets: readonly Source[];
    };

export type UploadEvent =
  | { readonly type: 'session-created'; readonly run: number; readonly session: Session }
  | { readonly type: 'upload-marked'; readonly run: number; readonly item: number; readonly videosBefore: number }
  | { readonly type: 'uploaded'; readonly run: number; readonly item: number }
  /** The run found a mark and read the media list. */
  | { readonly type: 'upload-looked-for'; readonly run: number; readonly item: number; readonly found: boolean };

export type TurnEvent =
  | { readonly type: 'state-read'; readonly run: number; readonly read: StateRead }
  | {
      readonly type: 'turn-sent';
      readonly run: number;
      readonly turnId: string;
      readonly read: StateRead;
    }
  /** Proof that the turn was not taken (design §4 (6)). `fault` null: it never left. */
  | { readonly type: 'turn-not-taken'; readonly turnId: string; readonly fault: CallFault | null }
  | {
      readonly type: 'turn-ended';
      readonly turnId: string;
      /** The HTTP message ended properly. */
      readonly seen: boolean;
      readonly reply: string;
      readonly tools: readonly string[];
      readonly error: Fault | null;
    }
  /** A run found a turn that was sent and has no end: an earlier run died under it. */
  | { readonly type: 'turn-found-open'; readonly run: number };

export type RenderEvent =
  | { readonly type: 'timeline-empty'; readonly run: number }
  | { readonly type: 'render-planned'; readonly run: number; readonly renderId: string }
  | { readonly type: 'render-submitted'; readonly run: number }
  | { readonly type: 'render-going-on'; readonly run: number; readonly progress: number | null }
  | { readonly type: 'render-failed'; readonly run: number; readonly detail: string }
  | { readonly type: 'rendered'; readonly run: number; readonly output: Output }
  | { readonly type: 'delivered'; readonly run: number }
  | { readonly type: 'delivery-refused'; readonly run: number; readonly detail: string };

/** A call failed. What it means is the error table's business. */
export interface CallFault {
  readonly fault: Fault;
  /** Another call of the account succeeded since the file's last fault (design §5 "Whose fault"). */
  readonly othersSucceeded: boolean;
  /** The account's pause, where there is one: no call before. Ms of Redis' clock. */
  readonly until: number | null;
  /** 0–1: spreads the files that a pause let go. */
  readonly spread: number;
  /**
   * The call that failed is the upload that was marked, so a refusal proves that it was not taken. Absent: some other
   * call (the look for a marked upload, say), which proves nothing about it.
   */
  readonly markedCall?: boolean;
}

export type FaultEvent =
  | ({ readonly type: 'call-faulted'; readonly run: number } & CallFault)
  /** Nothing was called: the account is paused or down. Burns no attempt. */
  | {
      readonly type: 'account-closed';
      readonly run: number;
      readonly reason: 'rate_limit' | 'upstream';
      readonly until: number;
      readonly spread: number;
      /** The marked upload was about to leave: it never did. */
      readonly markedCall?: boolean;
    }
  | { readonly type: 'step-refused'; readonly run: number; readonly code: ErrorCode; readonly detail: string }
  /** The worker that ran this run died. */
  | { readonly type: 'crashed'; readonly run: number };

export type FileEvent = PlacementEvent | CallerEvent | UploadEvent | TurnEvent | RenderEvent | FaultEvent;
