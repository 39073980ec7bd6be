/** One line of a delivery's attempt log. Data only. */
import { z } from 'zod';

const attemptErrors = [
  'http_error',
  'redirected',
  'timed_out',
  'connection_failed',
  'private_host',
  'invalid_url',
  'invalid_secret',
] as const;
export type AttemptError = (typeof attemptErrors)[number];

/** As it is stored and as the API shows it; `at` is RFC 3339. */
export const attemptSchema = z.object({
  at: z.string(),
  duration_ms: z.number(),
  status: z.number().nullable(),
  error: z.enum(attemptErrors).nullable(),
  /** First bytes of the answer; the system's code (ECONNREFUSED, …) where there was none. */
  response: z.string().nullable(),
});
export type Attempt = z.infer<typeof attemptSchema>;
