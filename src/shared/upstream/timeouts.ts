/** Default time-outs and size limits of the calls to the upstream, in one table. Not configuration: callers override. */

/** Whole call, first byte out to last byte in; for downloads: until the headers of the answer are there. */
export const timeoutsMs = {
  anonymousToken: 30_000,
  createSession: 30_000,
  claimToken: 15_000,
  /** The upstream fetches the file itself before it answers; 500 MB from a slow host takes its time. */
  uploadByUrl: 10 * 60_000,
  /** 500 MB at 0.5 MB/s. */
  uploadBytes: 20 * 60_000,
  readState: 30_000,
  readBalance: 15_000,
  submitRender: 60_000,
  readRender: 30_000,
  openDownload: 60_000,
  openOutput: 60_000,
  /** Silence in the middle of a download's body. */
  bodyIdle: 60_000,
  /** TCP and TLS together. */
  connect: 10_000,
} as const;

export const maxBytes = {
  /** A state holds the whole draft and every media entry of a session. */
  state: 16 * 1024 * 1024,
  reply: 1024 * 1024,
  /** One event of a turn's stream, in characters; tool results can be large. */
  turnEvent: 4 * 1024 * 1024,
  /** All of a turn's stream, decompressed. */
  turnStream: 64 * 1024 * 1024,
  /** Text kept of a turn's reply, in characters. */
  turnReply: 64 * 1024,
} as const;

/** Hops of an output link before it counts as a loop. */
export const maxRedirects = 5;
