/** What a turn may take, and the fence before it. Its own file, so that the parts of a turn need not know one another. */
import type { TurnProgress } from './types.ts';

export interface TurnOptions {
  readonly onProgress?: (progress: TurnProgress) => void;
  readonly signal?: AbortSignal;
  /** Longest time with heartbeats or silence only, counted from the moment the request is written. */
  readonly idleTimeoutMs: number;
  /** From the call of this function. */
  readonly totalTimeoutMs: number;
  /**
   * The fence. Called once, synchronously, when the connection stands (TCP and TLS) and right before the request is
   * written to it, in the same tick; false: nothing is written and the turn is `not-sent` with code `aborted`.
   */
  readonly beforeSend?: () => boolean;
}
