/** The typed client of the HTTP API (design §7). Shapes come from the API's own schemas, never from copies. */
import { Agent } from 'undici';
import { creditsSchema } from '../../api/credits.schema.ts';
import { batchCalls } from './batch-calls.ts';
import { call, type Connection } from './call.ts';
import { callJson } from './call-json.ts';
import { uploadCalls } from './upload-calls.ts';

export interface ClientOptions {
  readonly url: string;
  readonly key?: string | null | undefined;
  /** Ends every call. */
  readonly signal?: AbortSignal | undefined;
}

export type Client = ReturnType<typeof createClient>;

export function createClient(options: ClientOptions) {
  const agent = new Agent();
  const connection: Connection = {
    url: options.url.replace(/\/+$/, ''),
    key: options.key ?? null,
    dispatcher: agent,
    signal: options.signal ?? null,
  };
  return {
    url: connection.url,
    batches: batchCalls(connection),
    uploads: uploadCalls(connection),
    content: (batchId: string, fileId: string) => openContent(connection, batchId, fileId),
    credits: () => callJson(connection, { method: 'GET', path: '/credits', repeatable: true }, creditsSchema),
    /** Ends idle connections, and those that are in use. */
    close: () => agent.destroy(),
  };
}

export interface Content {
  readonly stream: AsyncIterable<Buffer>;
  /** Null where the service does not say. */
  readonly bytes: number | null;
}

async function openContent(connection: Connection, batchId: string, fileId: string): Promise<Content> {
  const path = `/batches/${encodeURIComponent(batchId)}/files/${encodeURIComponent(fileId)}/content`;
  const answer = await call(connection, { method: 'GET', path, headers: { accept: '*/*' }, repeatable: true });
  const length = answer.headers['content-length'];
  return { stream: answer.body, bytes: typeof length === 'string' ? Number(length) : null };
}
