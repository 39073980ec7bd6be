/** Queries and bodies of the dashboard's own endpoints. Shape only. */
import { z } from 'zod';
import { batchStatuses } from '../shared/domain/batch.ts';
import { errorCodes } from '../shared/domain/error-codes.ts';
import { fileStatuses } from '../shared/domain/file-state.ts';
import { batchSorts } from './dashboard-wire.ts';

const maxTextChars = 200;
const maxRows = 200;
const offset = z.coerce.number().int().min(0).max(10_000_000).default(0);
const limit = z.coerce.number().int().min(1).max(maxRows).default(50);
const text = z.string().max(maxTextChars).default('');

export const loginBody = z.strictObject({ key: z.string().min(1).max(512) });
export const batchRowsQuery = z.strictObject({
  q: text,
  status: z.enum(batchStatuses).optional(),
  tenant: z.string().max(64).optional(),
  sort: z.enum(batchSorts).default('newest'),
  offset,
  limit,
});
export const fileRowsQuery = z.strictObject({
  q: text,
  status: z.enum(fileStatuses).optional(),
  code: z.enum(errorCodes).optional(),
  offset,
  limit,
});
const list = z.string().transform((joined) => joined.split(',').filter((part) => part !== ''));
export const idsQuery = z.strictObject({ ids: list.pipe(z.array(z.string().max(100)).max(maxRows)) });
export const indexesQuery = z.strictObject({
  indexes: list.pipe(z.array(z.string().regex(/^\d{1,8}$/)).max(maxRows)).transform((texts) => texts.map(Number)),
});
export const liveQuery = z.strictObject({
  view: z.enum(['overview', 'batches', 'batch']),
  id: z.string().max(100).optional(),
});
