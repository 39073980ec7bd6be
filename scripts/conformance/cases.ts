/** All rows, in the order of the table. */
import { rows as connection } from './cases/connection.ts';
import { rows as credits } from './cases/credits.ts';
import { rows as delivery } from './cases/delivery.ts';
import { rows as drafts } from './cases/drafts.ts';
import { rows as limits } from './cases/limits.ts';
import { rows as renderRetries } from './cases/render-retries.ts';
import { rows as renders } from './cases/renders.ts';
import { rows as sessions } from './cases/sessions.ts';
import { rows as steering } from './cases/steering.ts';
import { rows as streamForms } from './cases/stream-forms.ts';
import { rows as turnOutcomes } from './cases/turn-outcomes.ts';
import { rows as turnStages } from './cases/turn-stages.ts';
import { rows as uploads } from './cases/uploads.ts';
import { rows as words } from './cases/words.ts';
import type { Row } from './row.ts';

export const cases: readonly Row[] = [
  ...connection,
  ...sessions,
  ...uploads,
  ...streamForms,
  ...turnOutcomes,
  ...turnStages,
  ...drafts,
  ...renders,
  ...renderRetries,
  ...delivery,
  ...limits,
  ...credits,
  ...steering,
  ...words,
];
