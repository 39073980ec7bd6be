/**
 * `npm run chaos:mutants`: a service without one of its guards must not survive. Takes each guard of mutants.ts out of a
 * copy of the sources, kills that service where it hurts, and says what was seen.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { argv, execPath, exit } from 'node:process';
import { withFaultyCopy } from '../mutation/faulty-copy.ts';
import { mutants, type Mutant } from './mutants.ts';

/** A file that never ends is waited for two minutes. */
const patienceMs = 400_000;

/** What the first failed case says; null: nobody noticed. */
function tryMutant({ edits, only, death }: Mutant): Promise<string | null> {
  return withFaultyCopy(edits, (folder) => {
    const script = join(folder, 'scripts/chaos/main.ts');
    const flags = ['--only', only, '--deaths', death, '--kills', '0'];
    return new Promise((done, fail) => {
      execFile(execPath, [script, ...flags], { cwd: folder, timeout: patienceMs }, (error, stdout, stderr) => {
        const rows = stdout.split('\n').filter((line) => line.includes(only));
        // A service that does not even start, or never gets there, proves nothing.
        if (rows.length === 0 || rows.some((row) => row.includes('never reached'))) {
          return fail(new Error(`"${only}" did not run:\n${stdout}${stderr}`));
        }
        const failed = rows.find((row) => !row.trimEnd().endsWith(' ok'));
        return done(error === null || failed === undefined ? null : failed.trim().replaceAll(/\s{2,}/gu, ' · '));
      });
    });
  });
}

async function main(part: string): Promise<number> {
  const chosen = mutants.filter(({ guard }) => guard.includes(part));
  let missed = 0;
  console.log(`${'guard taken out'.padEnd(54)} seen as`);
  for (const mutant of chosen) {
    const seen = await tryMutant(mutant).catch((error: unknown) => {
      console.error(error);
      return null;
    });
    if (seen === null) missed += 1;
    console.log(`${mutant.guard.padEnd(54)} ${seen ?? 'NOTHING'}`);
  }
  console.log(`${chosen.length - missed} caught, ${missed} missed`);
  return missed > 0 || chosen.length === 0 ? 1 : 0;
}

exit(await main(argv[2] ?? ''));
