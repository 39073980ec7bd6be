/**
 * What the NemoVideo client gives and takes. Facts of the upstream only: what a file or an account does about them
 * is decided in the domain, never here. No function of this folder repeats a call by itself.
 */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** Everything a call needs that is the same for each call of this process. Made once by `openUpstream`. */
export interface Upstream {
  /** `NEMO_API_URL` without a trailing slash. */
  readonly baseUrl: string;
  /** `NEMO_WEB_URL` without a trailing slash: where a claim token opens a session in a browser. */
  readonly webUrl: string;
  /** The three attribution headers (seed: "required on every request"; without them export answers 402). */
  readonly attribution: Readonly<Record<string, string>>;
  /** Pooled connections for every call but a turn. */
  readonly dispatcher: Dispatcher;
  /** Opens a connection of its own for one turn, so that "not a byte was written" can be told (design §4 (6)). */
  readonly openTurnDispatcher: () => Dispatcher;
  /** Guarded connections for output links: whatever host the upstream names, never with the bearer token. */
  readonly outputDispatcher: Dispatcher;
  /** Sees every call on its way, for figures and traces; it changes nothing. */
  readonly watch: Watch;
  readonly close: () => Promise<void>;
}

/** `outcomeOf`: a bounded word for how the call ended. */
export type Watch = <T>(endpoint: string, call: () => Promise<T>, outcomeOf: (result: T) => string) => Promise<T>;

/** Limits of one call. A call always ends: by its answer, its time-out or the signal. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Whole call, from the first byte out to the last byte in. Each function has a default of its own. */
  readonly timeoutMs?: number;
}

export interface AnonymousToken {
  readonly token: string;
  readonly credits: number | null;
  /** `anon_…`: goes into the registration link as `?bind=`. */
  readonly userId: string | null;
  /** Epoch ms; null where the upstream did not say. */
  readonly expiresAtMs: number | null;
}

export interface CreatedSession {
  /** Decimal text, 19 digits kept (a bare JSON number would be rounded by JSON.parse). */
  readonly sessionId: string;
  readonly taskId: string | null;
  readonly userId: string | null;
}

export interface ClaimToken {
  readonly claimToken: string;
  /** Opens the session in a browser. */
  readonly openUrl: string;
  readonly expiresInMs: number | null;
}

/** One entry of an upload's reply. Lengths in ms (the upstream says seconds). */
export interface UploadedMedia {
  readonly name: string | null;
  readonly url: string | null;
  readonly durationMs: number | null;
  readonly width: number | null;
  readonly height: number | null;
}

export interface UploadReply {
  readonly media: readonly UploadedMedia[];
  /** `session_state_applied`; true where the upstream did not say. */
  readonly applied: boolean;
}

export interface SessionState {
  /** The draft exactly as it was received (unknown keys, number spelling): what a render must be sent. Null: no draft. */
  readonly draftText: string | null;
  /** The same draft, parsed tolerantly, for summaries. */
  readonly draft: unknown;
  /** Names of the media list's entries, in order (null where an entry has none). */
  readonly videoNames: readonly (string | null)[];
  readonly generatedMediaCount: number;
  /** SHA-256 over canonical JSON of draft, canvas_config and the count of generated_media (design §4). */
  readonly fingerprint: string;
  /** `t` has a track with a non-empty `sg`. */
  readonly renderable: boolean;
}

export interface Balance {
  readonly available: number;
  readonly frozen: number;
  readonly total: number;
}

/** An answer whose body is still to be read: `body` must be consumed or destroyed. */
export interface OpenedBody {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

export type RenderStatus = 'pending' | 'processing' | 'completed' | 'failed';

export interface RenderState {
  /** An unknown status counts as still rendering, so it is read as `processing`. */
  readonly status: RenderStatus;
  readonly progress: number | null;
  readonly url: string | null;
  readonly durationMs: number | null;
  readonly bytes: number | null;
  /** The upstream's own words on a failure, for people; never branched on. */
  readonly detail: string | null;
}

/** What a turn's stream shows while it runs. Tool calls are named for bookkeeping, never forwarded (seed). */
export type TurnProgress =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool'; readonly name: string }
  | { readonly type: 'heartbeat' };

/**
 * How a turn came back.
 * - `refused`: no event stream, and a code that proves the turn was not taken (429, 1001, 1002, 2001, 402, 403).
 * - `not-sent`: the connection failed before a byte of the request was written.
 * - `ended`: anything else. Only `closed` means that the stream's end was seen; every other end leaves the outcome
 *   unknown, to be checked by reading state, never by sending again.
 */
export type TurnEnd =
  | { readonly kind: 'refused'; readonly error: UpstreamFault }
  | { readonly kind: 'not-sent'; readonly error: UpstreamFault }
  | {
      readonly kind: 'ended';
      readonly end: 'closed' | 'cut' | 'timeout' | 'idle' | 'aborted' | 'no-stream';
      /** Text for people, whole and once: no partial twice, no thoughts, no tool calls, no trailing "temporary issue". */
      readonly reply: string;
      /** Names of the tools seen called, in order. */
      readonly tools: readonly string[];
      /** An error event inside the stream (HTTP 200). */
      readonly error: UpstreamFault | null;
    };

/**
 * What went wrong with a call, as data. `code`:
 * the envelope's code where there is one (it wins over the HTTP status), else a code that the status stands for.
 */
export type FaultCode =
  | 'token_invalid' // 1001, 401
  | 'session_missing' // 1002 in the body
  | 'session_unconfirmed' // 404 with JSON or no body on a session path: counts after a second GET state says 404 again
  | 'out_of_credits' // 2001
  | 'unsupported_file_type' // 4001, 415
  | 'file_too_large' // 4002, 413
  | 'client_id_missing' // 400 on anonymous-token
  | 'export_blocked' // 402
  | 'forbidden' // 403
  | 'rate_limited' // 429
  | 'duplicate_render' // a render id that exists already
  | 'not_found' // 404 that concerns no session (a render id, a download)
  | 'rejected' // any other 4xx or envelope code: a verdict on this call
  | 'server_error' // 5xx, HTML from a proxy (an HTML 404 too), an answer that makes no sense
  | 'connect_failed' // refused, DNS, TLS: nothing of the request was written
  | 'connection_lost' // reset or cut once the request was under way
  | 'timed_out'
  | 'aborted'; // our own signal

export interface UpstreamFault {
  readonly code: FaultCode;
  /** The upstream's own number (envelope code, else HTTP status); null for transport faults. */
  readonly upstreamCode: number | null;
  readonly httpStatus: number | null;
  /** From Retry-After (seconds or date), null where absent. */
  readonly retryAfterMs: number | null;
  /** The upstream's words, cut to 500 characters, for people and logs; never branched on. */
  readonly detail: string;
}
