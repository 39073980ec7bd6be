/** The clocks, handed in through the context so that tests can set them. */
import { performance } from 'node:perf_hooks';

export type Clock = {
  /** Wall clock in ms since 1970: for records. It may jump. */
  readonly now: () => number;
  /** Never jumps: for "how long since", such as the age of a lease. */
  readonly monotonicMs: () => number;
};

export const systemClock: Clock = { now: () => Date.now(), monotonicMs: () => performance.now() };
