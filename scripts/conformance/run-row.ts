/** Runs one row in one combination and says how it ended. The promise is checked after each, whatever the row looks at. */
import { openPlace, type Base, type Place } from './place.ts';
import { holdPromise } from './promise.ts';
import { Violation, type Combination, type Row } from './row.ts';
import type { FileView, Received } from './types.ts';
import { createWorld, type World } from './world.ts';

export interface Result extends Combination {
  readonly row: Row;
  readonly verdict: 'pass' | 'FAIL' | 'skip';
  readonly seen: string;
  readonly tookMs: number;
}

export interface Surroundings {
  readonly base: Base;
  readonly received: Received[];
}

let rows = 0;

export const needsOwnPlace = ({ env, sandbox }: Row): boolean => env !== undefined || sandbox !== undefined;

/** `shared`: the combination's common place, for rows that disturb nobody. */
export async function runRow(
  around: Surroundings,
  row: Row,
  combination: Combination,
  shared: () => Promise<Place>,
): Promise<Result> {
  const startedAt = performance.now();
  const result = (verdict: Result['verdict'], seen: string): Result => ({
    ...combination,
    row,
    verdict,
    seen,
    tookMs: Math.round(performance.now() - startedAt),
  });
  if (row.skip !== undefined) return result('skip', row.skip);
  try {
    return result('pass', await tryRow(around, row, combination, shared));
  } catch (error) {
    return result('FAIL', error instanceof Violation ? error.message : String((error as Error).stack ?? error));
  }
}

async function tryRow(
  { base, received }: Surroundings,
  row: Row,
  combination: Combination,
  shared: () => Promise<Place>,
): Promise<string> {
  const isOwn = needsOwnPlace(row);
  const { env = {}, sandbox = {} } = row;
  const place = isOwn ? await openPlace(base, combination, { env, sandbox }) : await shared();
  rows += 1;
  const world = createWorld(place, { key: `r${rows}`, clips: base.clips, hooksUrl: base.hooks, received });
  try {
    const seen = await row.run(world);
    holdPromise(world.ledger(), {
      sessions: world.sessions(),
      files: await allFiles(world),
      mayRepeat: row.mayRepeat === true,
    });
    return seen;
  } finally {
    if (isOwn) await world.place.close();
  }
}

async function allFiles(world: World): Promise<readonly FileView[]> {
  const files: FileView[] = [];
  for (const batchId of world.posted()) {
    const { counts } = await world.batch(batchId);
    for (let index = 0; index < (counts['total'] ?? 0); index += 1) files.push(await world.file(batchId, index));
  }
  return files;
}
