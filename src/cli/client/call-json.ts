/** A call whose answer is JSON of a known shape. */
import type { Dispatcher } from 'undici';
import type { z } from 'zod';
import { callAndRead, type Call, type Connection } from './call.ts';
import { unexpectedAnswer } from './to-service-error.ts';
import { UnreachableError } from './unreachable-error.ts';

export async function callJson<Schema extends z.ZodType>(
  connection: Connection,
  options: Call,
  schema: Schema,
): Promise<z.output<Schema>> {
  return await callAndRead(connection, options, async (answer) => {
    const result = schema.safeParse(await readJson(connection, answer));
    if (!result.success) throw unexpectedAnswer(answer.statusCode, result.error);
    return result.data;
  });
}

async function readJson(connection: Connection, answer: Dispatcher.ResponseData): Promise<unknown> {
  let text: string;
  try {
    text = await answer.body.text();
  } catch (error) {
    connection.signal?.throwIfAborted();
    throw new UnreachableError(connection.url, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unexpectedAnswer(answer.statusCode, error);
  }
}
