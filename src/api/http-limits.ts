/** What a connection may take of us: time, headers, URL. Files and bodies have limits of their own (config, maxBodyBytes). */

export interface HttpLimits {
  /** From the connection, or the end of the answer before, to the last header. A slow-loris sends one at a time. */
  readonly headersTimeoutMs: number;
  /** A body may take this long, and a second more for each `bodyBytesPerSecond` that have come. */
  readonly bodyTimeoutMs: number;
  readonly bodyBytesPerSecond: number;
  /** Neither side has moved a byte: a reader that does not read is cut, too. Live events have a heartbeat every 15 s. */
  readonly silentMs: number;
  /** How often slow headers and bodies are looked for. */
  readonly checkMs: number;
  readonly maxHeaderBytes: number;
  readonly maxUrlChars: number;
  /** Of this process; beyond it a new one is closed at once. */
  readonly maxConnections: number;
}

export const httpLimits: HttpLimits = {
  headersTimeoutMs: 15_000,
  bodyTimeoutMs: 30_000,
  // 128 kbit/s: the slowest upload that is still one. 500 MB take nine hours at that.
  bodyBytesPerSecond: 16_384,
  silentMs: 120_000,
  checkMs: 1000,
  // The longest of ours: an upload's name of 255 characters, percent-encoded, is below 4 KB.
  maxHeaderBytes: 16_384,
  maxUrlChars: 8192,
  maxConnections: 10_000,
};
