/** The one shape of every error answer (RFC 9457 `application/problem+json`). Codes are the contract, texts are not. */
import { z } from 'zod';

const problemErrorSchema = z
  .object({
    pointer: z
      .string()
      .describe('JSON pointer into the body (`#/files/3/source/url`), or `header:`, `query:` and a name.'),
    code: z.string(),
    detail: z.string(),
  })
  .meta({ id: 'ProblemError' });
export type ProblemError = z.infer<typeof problemErrorSchema>;

export const problemSchema = z
  .object({
    type: z.string().describe('A URI of the kind of problem; `about:blank` where `code` says it all.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable, for programs.'),
    detail: z.string(),
    request_id: z.string(),
    errors: z.array(problemErrorSchema).optional().describe('Every problem of the request at once.'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;
