/** The draft kept beside a file, verbatim: a render must be sent the identical text. Deflated, as drafts repeat themselves. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Context } from './context.ts';

export const packDraft = (text: string): string => deflateRawSync(Buffer.from(text, 'utf8')).toString('base64');

export async function readDraft(ctx: Context, fileId: string): Promise<string | null> {
  const packed = await ctx.redis.get(ctx.keys.draft(fileId));
  return packed === null ? null : inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8');
}
