/**
 * A wrong client must fail: applies each fault of `mutants.ts` to a copy of the sources, runs the row that it breaks,
 * and says which one noticed. The sources themselves are never touched.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { argv, execPath, exit } from 'node:process';
import { withFaultyCopy } from '../mutation/faulty-copy.ts';
import { mutants, type Mutant } from './mutants.ts';

const atATime = 2;
/** The slowest row takes a minute to give up. */
const patienceMs = 180_000;

interface Caught {
  readonly mutant: Mutant;
  /** Null: nobody noticed. */
  readonly by: string | null;
}

const tryMutant = (mutant: Mutant): Promise<Caught> =>
  withFaultyCopy([mutant], async (folder) => ({ mutant, by: await runRows(folder, mutant.only) }));

/** The first row that failed, in one combination: these faults know neither dialects nor places of codes. */
function runRows(folder: string, only: string): Promise<string | null> {
  const script = join(folder, 'scripts/conformance/main.ts');
  const flags = ['--only', only, '--dialect', 'B', '--code-in', 'body'];
  return new Promise((done, fail) => {
    execFile(execPath, [script, ...flags], { cwd: folder, timeout: patienceMs }, (error, stdout, stderr) => {
      if (error === null) return done(null);
      const failed = stdout.split('\n').find((line) => line.startsWith('FAIL'));
      // A mutant that does not even start proves nothing.
      if (failed === undefined) return fail(new Error(`"${only}" did not run:\n${stdout}${stderr}`));
      return done(
        failed
          .slice('FAIL'.length)
          .trim()
          .replaceAll(/\s{2,}/gu, ' · '),
      );
    });
  });
}

async function main(only: string): Promise<number> {
  const waiting = mutants.filter(({ fault }) => fault.includes(only));
  const total = waiting.length;
  const caught: Caught[] = [];
  console.log(`${'fault'.padEnd(50)} caught by`);
  const lane = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const found = await tryMutant(mutant).catch((error: unknown): Caught => {
        console.error(error);
        return { mutant, by: null };
      });
      caught.push(found);
      console.log(`${mutant.fault.padEnd(50)} ${found.by ?? 'NOBODY'}`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, lane));
  const missed = caught.filter(({ by }) => by === null).length;
  console.log(`${total - missed} caught, ${missed} missed`);
  return missed > 0 || total === 0 ? 1 : 0;
}

exit(await main(argv[2] ?? ''));
