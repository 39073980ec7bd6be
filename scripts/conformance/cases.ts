/** All rows, in the order of the table. */
import { rows as streamForms } from './cases/stream-forms.ts';
import type { Row } from './row.ts';

export const cases: readonly Row[] = [...streamForms];
