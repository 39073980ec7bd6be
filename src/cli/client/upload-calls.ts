/** Sends a local file to the service. */
import type { Readable } from 'node:stream';
import { uploadSchema } from '../../api/uploads.schema.ts';
import type { Connection } from './call.ts';
import { callJson } from './call-json.ts';

/** Counts from the start of the request, its body included: 500 MB at 300 kB/s. */
const uploadTimeoutMs = 1_800_000;

export function uploadCalls(connection: Connection) {
  return {
    create: (stream: Readable, name: string, bytes: number) =>
      callJson(
        connection,
        {
          method: 'POST',
          path: '/uploads',
          query: { name },
          bytes: { stream, length: bytes },
          repeatable: false,
          headersTimeoutMs: uploadTimeoutMs,
        },
        uploadSchema,
      ),
  };
}
