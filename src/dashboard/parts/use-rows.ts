/** Rows of a table for as long as it is on screen; another query begins anew. */
import { useEffect, useMemo } from 'preact/hooks';
import { createRows, type Part, type Rows } from '../data/rows.ts';

export function useRows<Row extends { readonly id: string }>(
  query: string,
  load: (offset: number, limit: number, signal: AbortSignal) => Promise<Part<Row>>,
): Rows<Row> {
  const rows = useMemo(() => createRows(load), [query]);
  useEffect(() => rows.close, [rows]);
  return rows;
}
