/** Admission, in-flight set and counters against a pure model, through random interleavings; many more in the slow suite. */
import { test } from 'node:test';
import { agreeOnAdmission } from './admission-scenario.ts';

test('admits, lists and counts as the model does, whatever is called, left or repeated', (t) =>
  agreeOnAdmission(t, { runs: 8, most: 25 }));
