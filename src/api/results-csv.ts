/** Files as rows of a table (RFC 4180) for people with a spreadsheet. What a program needs is in the NDJSON. Pure. */
import { stringify } from 'csv-stringify/sync';
import type { FileResource } from './files.schema.ts';

const columns = {
  index: (file) => file.index,
  id: (file) => file.id,
  name: (file) => file.name,
  custom_id: (file) => file.custom_id,
  status: (file) => file.status,
  progress: (file) => file.progress,
  output_url: (file) => file.output?.url,
  output_duration_ms: (file) => file.output?.duration_ms,
  output_bytes: (file) => file.output?.bytes,
  error_code: (file) => file.error?.code,
  error_step: (file) => file.error?.step,
  error_message: (file) => file.error?.message,
  session_id: (file) => file.session?.id,
  created_at: (file) => file.created_at,
  finished_at: (file) => file.finished_at,
} satisfies Record<string, (file: FileResource) => string | number | null | undefined>;

export const csvHead = `${Object.keys(columns).join(',')}\r\n`;

export function toCsv(files: readonly FileResource[]): string {
  const rows = files.map((file) => Object.values(columns).map((valueOf) => valueOf(file) ?? ''));
  // A spreadsheet would run a name such as `=cmd|…`: such cells get a quote in front.
  return stringify(rows, { escape_formulas: true, record_delimiter: 'windows' });
}
