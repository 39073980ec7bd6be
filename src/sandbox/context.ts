/** What every part of the sandbox gets as its first argument. Made once by `openSandbox`. */
import type { Logger } from 'pino';
import type { Background } from './background.ts';
import type { Clock } from './clock.ts';
import type { FaultBook } from './faults.ts';
import type { FfmpegTools } from './ffmpeg.ts';
import type { Ledger } from './ledger.ts';
import type { Limiter } from './limiter.ts';
import type { Random } from './random.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store.ts';

export interface Sandbox {
  /** Changed in place by `POST /admin/config`. */
  readonly settings: Settings;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly faults: FaultBook;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Logger;
  readonly dataDir: string;
  /** Null in copy mode, where nothing is decoded or encoded. */
  readonly tools: FfmpegTools | null;
  readonly background: Background;
  readonly renders: Limiter;
  readonly probes: Limiter;
  /** Aborted on close: ends waits, fetches and ffmpeg. */
  readonly closing: AbortSignal;
  /** Known once it listens. */
  baseUrl: string;
}
