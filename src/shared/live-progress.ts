/** Progress inside a run: a volatile key and a publish, never a save (design §7 "Live events"). Losing one is harmless. */
import { z } from 'zod';
import type { Context } from './context.ts';
import type { FileRecord } from './domain/file.ts';

export const liveProgressSchema = z.object({
  batch_id: z.string(),
  file_id: z.string(),
  progress: z.number().nullable(),
  note: z.string().nullable(),
});
export type LiveProgress = z.infer<typeof liveProgressSchema>;

/** Outlives the pause between two notes of a long turn. */
const keptSeconds = 180;

export function publishProgress(
  ctx: Context,
  file: FileRecord,
  live: { readonly progress: number | null; readonly note: string | null },
): void {
  const message = JSON.stringify({ batch_id: file.batchId, file_id: file.id, ...live } satisfies LiveProgress);
  ctx.reach('publish: progress');
  const sent = ctx.scripts.progress(file.id, message, keptSeconds);
  ctx.reach('publish: progress, sent');
  sent.catch((error: unknown) => ctx.log.debug({ err: error, file_id: file.id }, 'progress not published'));
}
