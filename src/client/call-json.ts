/** A call whose answer is JSON of a known shape. */
import type { z } from 'zod';
import type { Answer } from './answer.ts';
import { callAndRead, type Call } from './call.ts';
import type { Connection } from './connection.ts';
import { readText } from './read-text.ts';
import { unexpectedAnswer } from './to-service-error.ts';

export async function callJson<Schema extends z.ZodType>(
  connection: Connection,
  options: Call,
  schema: Schema,
): Promise<z.output<Schema>> {
  return await callAndRead(connection, options, async (answer) => {
    const result = schema.safeParse(await readJson(answer));
    if (!result.success) throw unexpectedAnswer(answer.status, result.error);
    return result.data;
  });
}

async function readJson(answer: Answer): Promise<unknown> {
  const text = await readText(answer);
  try {
    return JSON.parse(text ?? '');
  } catch (error) {
    throw unexpectedAnswer(answer.status, error);
  }
}
