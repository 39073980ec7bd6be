/** NDJSON, one file a line, however many there are. */
import { fileSchema, type FileResource } from '../api/files.schema.ts';
import { call } from './call.ts';
import type { CallOptions, Connection } from './connection.ts';
import { readLines } from './read-lines.ts';
import { unexpectedAnswer } from './to-service-error.ts';

export async function* readResults(
  connection: Connection,
  path: string,
  { signal }: CallOptions,
): AsyncGenerator<FileResource> {
  const headers = { accept: 'application/x-ndjson' };
  const answer = await call(connection, { method: 'GET', path, headers, repeatable: true, signal });
  for await (const line of readLines(answer.bytes)) {
    const file = fileSchema.safeParse(parseLine(line));
    if (!file.success) throw unexpectedAnswer(answer.status, file.error);
    yield file.data;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Judged by the schema, which refuses it.
    return undefined;
  }
}
