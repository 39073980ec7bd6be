/**
 * `npm run conformance`: each line of the seed and each fault of the upstream, tried on the real service against the
 * sandbox, in every dialect and with codes in either place. The last line counts; the exit code tells.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { Command } from 'commander';
import { createLog } from '../../src/shared/log.ts';
import { openEmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';
import { cases } from './cases.ts';
import { openPlace, type Base, type Place } from './place.ts';
import type { CodeIn, Combination, Dialect, Row } from './row.ts';
import { needsOwnPlace, runRow, type Result, type Surroundings } from './run-row.ts';
import { clipBytes, receiveWebhooks, serveClips } from './servers.ts';
import { closingLine, printTable } from './table.ts';

/** At a time, in a place that they share, and with a place each (which takes two event loops' worth of start-up). */
const sharedAtATime = 24;
const ownAtATime = 6;
const quietAtATime = 3;

interface Flags {
  readonly only?: string;
  readonly dialect?: Dialect;
  readonly codeIn?: CodeIn;
  readonly verbose?: true;
}

async function main(flags: Flags): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-conformance-'));
  const log = createLog({ level: 'silent' });
  await mkdir(join(folder, 'media'));
  await writeFile(join(folder, 'media', 'clip.mp4'), clipBytes);
  const redis = await openEmbeddedRedis({ dataDir: folder, log, appendfsync: 'no' });
  const [clips, hooks] = [await serveClips(), await receiveWebhooks()];
  try {
    const logLevel = flags.verbose === true ? 'debug' : 'silent';
    const base: Base = { folder, redisUrl: redis.socketPath, clips: clips.url, hooks: hooks.url, logLevel };
    return await runAll({ base, received: hooks.received }, flags);
  } finally {
    clips.close();
    hooks.close();
    await redis.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function runAll(around: Surroundings, { only = '', dialect, codeIn }: Flags): Promise<number> {
  const combinations = (['A', 'B', 'C'] as const)
    .flatMap((each) => (['body', 'status'] as const).map((place) => ({ dialect: each, codeIn: place })))
    .filter((each) => (dialect ?? each.dialect) === each.dialect && (codeIn ?? each.codeIn) === each.codeIn);
  const rows = cases.filter(({ what, rule }) => `${what} ${rule}`.toLowerCase().includes(only.toLowerCase()));
  const results: Result[] = [];
  for (const [at, combination] of combinations.entries()) {
    const startedAt = performance.now();
    const here = rows.filter(({ once }) => at === 0 || once !== true);
    results.push(...(await runCombination(around, here, combination)));
    console.error(
      `dialect ${combination.dialect}, code in ${combination.codeIn}: ${here.length} rows, ${Math.round((performance.now() - startedAt) / 1000)} s`,
    );
  }
  const order = (result: Result): number => rows.indexOf(result.row);
  printTable(
    results.sort((a, b) => order(a) - order(b)),
    combinations.length,
  );
  const { line, failed } = closingLine(results);
  console.log(line);
  return failed > 0 || results.length === 0 ? 1 : 0;
}

async function runCombination(
  around: Surroundings,
  rows: readonly Row[],
  combination: Combination,
): Promise<readonly Result[]> {
  let opening: Promise<Place> | null = null;
  const shared = (): Promise<Place> => (opening ??= openPlace(around.base, combination, {}));
  const run = (row: Row): Promise<Result> => runRow(around, row, combination, shared);
  try {
    const busy = rows.filter(({ quiet }) => quiet !== true);
    const results = await Promise.all([
      inTurn(
        busy.filter((row) => !needsOwnPlace(row)),
        sharedAtATime,
        run,
      ),
      inTurn(busy.filter(needsOwnPlace), ownAtATime, run),
    ]);
    const quiet = await inTurn(
      rows.filter((row) => row.quiet === true),
      quietAtATime,
      run,
    );
    return [...results.flat(), ...quiet];
  } finally {
    const place = await (opening as Promise<Place> | null);
    await place?.close();
  }
}

async function inTurn<T>(rows: readonly Row[], most: number, run: (row: Row) => Promise<T>): Promise<T[]> {
  const waiting = [...rows];
  const done: T[] = [];
  const lane = async (): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) done.push(await run(row));
  };
  await Promise.all(Array.from({ length: most }, lane));
  return done;
}

const command = new Command('conformance')
  .description('Tries every line of the seed and every known fault of the upstream on the real service.')
  .option('--only <text>', 'rows whose name or rule holds this text')
  .option('--dialect <x>', 'A, B or C alone')
  .option('--code-in <place>', 'body or status alone')
  .option('--verbose', 'the log of the service as well')
  .parse(argv);

exit(await main(command.opts<Flags>()));
