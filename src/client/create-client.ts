/**
 * The typed client of the HTTP API (design §7), for Node, Bun, Deno and browsers: nothing in this folder may need more
 * than what these share. Shapes come from the API's own schemas, never from copies.
 */
import { creditsSchema } from '../api/credits.schema.ts';
import { batchCalls } from './batch-calls.ts';
import { callJson } from './call-json.ts';
import type { CallOptions, Connection } from './connection.ts';
import type { Fetch } from './fetch.ts';
import { uploadCalls } from './upload-calls.ts';
import { verifyWebhook } from './verify-webhook.ts';

export interface ClientOptions {
  /** Where the service is, `https://video.example` or with a path below which it lies. */
  readonly url: string;
  /** One of API_KEYS; a service on loopback may need none. */
  readonly key?: string | null | undefined;
  /** In place of the runtime's own. */
  readonly fetch?: Fetch | undefined;
  /** Ends every call. */
  readonly signal?: AbortSignal | undefined;
}

export type Client = ReturnType<typeof createClient>;

export function createClient(options: ClientOptions) {
  const connection: Connection = {
    url: options.url.replace(/\/+$/, ''),
    key: options.key ?? null,
    // Looked up at each call, as a runtime may replace it (for tracing, in tests).
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    signal: options.signal ?? null,
  };
  return {
    url: connection.url,
    batches: batchCalls(connection),
    uploads: uploadCalls(connection),
    webhooks: { verify: verifyWebhook },
    /** What the upstream account has left. */
    credits: ({ signal }: CallOptions = {}) =>
      callJson(connection, { method: 'GET', path: '/credits', repeatable: true, signal }, creditsSchema),
  };
}
