/** Bytes → lines. Not node:readline, which swallows an error of its input: a cut answer would look complete. */
import type { Connection } from './call.ts';
import { UnreachableError } from './unreachable-error.ts';

export async function* readLines(connection: Connection, bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of bytes) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  } catch (error) {
    connection.signal?.throwIfAborted();
    throw new UnreachableError(connection.url, error);
  }
  if (rest !== '') yield rest;
}
