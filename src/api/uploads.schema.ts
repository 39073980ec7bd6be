/** Uploads: the bytes travel as the body, so only the query and the answer have a shape. */
import { z } from 'zod';
import { fileName } from './request-parts.schema.ts';

export const uploadQuery = z.strictObject({
  name: fileName
    .optional()
    .describe('File name with its extension; else Content-Disposition or the multipart part says it.'),
});

export const uploadSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    bytes: z.int(),
    sha256: z.string(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'Upload' });
export type UploadResource = z.infer<typeof uploadSchema>;
