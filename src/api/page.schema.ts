/** Cursor pagination, the same for every list. */
import { z } from 'zod';

const defaultLimit = 100;
export const maxLimit = 1000;

export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a whole number from 1 to 1000')
    .transform(Number)
    .pipe(z.int().min(1).max(maxLimit))
    .default(defaultLimit)
    .describe(`Rows of a page, 1 to ${maxLimit}; ${defaultLimit} without it.`),
  cursor: z.string().min(1).max(200).optional().describe('`next_cursor` of the page before.'),
};

export function pageOf<Row extends z.ZodType>(row: Row) {
  return z.object({
    data: z.array(row),
    next_cursor: z.string().nullable().describe('Null on the last page.'),
  });
}
