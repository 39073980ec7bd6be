/** Where the service is and how to get there: what every call of one client shares. */
import type { Fetch } from './fetch.ts';

export interface Connection {
  /** Without a trailing slash. */
  readonly url: string;
  readonly key: string | null;
  readonly fetch: Fetch;
  /** Ends every call. */
  readonly signal: AbortSignal | null;
}

/** Of one call: its own end, beside the client's. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The caller's own wishes alone; the client's time limits are not among them. */
export function callerSignal(connection: Connection, options: CallOptions): AbortSignal {
  return AbortSignal.any([connection.signal, options.signal].filter((signal) => signal != null));
}
