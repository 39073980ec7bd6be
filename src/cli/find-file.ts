/** The file that a person means: by its id, its name or the caller's own id. */
import type { Client } from '../client/create-client.ts';
import type { FileResource } from '../api/files.schema.ts';
import { maxLimit } from '../api/page.schema.ts';
import { parseFileId } from '../shared/ids.ts';
import { UsageError } from './usage-error.ts';

/** A file's id carries its batch's, so it is enough alone; a name needs the batch beside it. */
export async function findFiles(
  client: Client,
  batchId: string | null,
  wanted: readonly string[],
): Promise<{ batchId: string; fileIds: string[] }> {
  const ids = wanted.map((text) => parseFileId(text));
  const batch = batchId ?? ids[0]?.batchId ?? null;
  if (batch === null) {
    throw new UsageError([`${wanted[0] ?? 'This'} is not the id of a file. Name the batch before it.`]);
  }
  const strangers = wanted.filter((_, index) => ids[index] != null && ids[index].batchId !== batch);
  if (strangers.length > 0) throw new UsageError(strangers.map((id) => `${id} belongs to another batch.`));
  if (ids.every((id) => id !== null)) return { batchId: batch, fileIds: [...wanted] };
  return { batchId: batch, fileIds: await findByName(client, batch, wanted) };
}

async function findByName(client: Client, batchId: string, wanted: readonly string[]): Promise<string[]> {
  const found = new Map<string, string[]>(wanted.map((text) => [text, []]));
  for await (const file of client.batches.files(batchId, { limit: maxLimit })) {
    for (const text of new Set(namesOf(file))) found.get(text)?.push(file.id);
  }
  const problems = [...found].flatMap(([text, ids]) => problemOf(text, ids));
  if (problems.length > 0) throw new UsageError(problems);
  return wanted.flatMap((text) => found.get(text) ?? []);
}

const namesOf = (file: FileResource): string[] => [
  file.id,
  file.name,
  ...(file.custom_id === null ? [] : [file.custom_id]),
];

function problemOf(text: string, ids: readonly string[]): string[] {
  if (ids.length === 1) return [];
  if (ids.length === 0) return [`There is no file ${text} in this batch. See them with: batch-video show <batch>`];
  return [`${text} is the name of ${ids.length} files. Use an id: ${ids.slice(0, 5).join(', ')}`];
}
