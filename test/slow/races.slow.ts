/** Races for longer: thousands of random interleavings of admission against its model. FC_SEED repeats a run. */
import { test } from 'node:test';
import { agreeOnAdmission } from '../workers/admission-scenario.ts';

test('admits, lists and counts as the model does, through 200 lives', (t) =>
  agreeOnAdmission(t, { runs: 200, most: 60 }));
