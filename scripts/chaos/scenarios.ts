/** Everything that `npm run chaos` runs, in this order. */
import { cancelMany } from './cancel-many.ts';
import { fairness } from './fairness.ts';
import { killMatrix } from './kill-matrix.ts';
import { randomKills } from './random-kills.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [killMatrix, randomKills, fairness, cancelMany];
