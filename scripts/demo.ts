/**
 * The main job on this machine alone: a local stand-in of the editor, the real service, and the command's own code,
 * from clips to checked MP4s. Nothing is left running, however it ends.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import type { Client } from '../src/client/create-client.ts';
import { openClient } from '../src/cli/open-client.ts';
import { runBatch, type RunResult } from '../src/cli/commands/run.ts';
import { collectSources } from '../src/cli/files/collect-sources.ts';
import { toComplaint } from '../src/cli/to-complaint.ts';
import { UsageError } from '../src/cli/usage-error.ts';
import { durationWords } from '../src/cli/words.ts';
import { FfmpegError } from '../src/sandbox/ffmpeg.ts';
import { checkExample, checkPlays } from './demo/check-outputs.ts';
import { DemoError } from './demo/demo-error.ts';
import { makeDemoLogo, makeInputs, type Inputs } from './demo/make-inputs.ts';
import { readDemoOptions, type DemoOptions } from './demo/read-options.ts';
import { startSandbox, startService } from './demo/start-services.ts';

const root = join(import.meta.dirname, '..');
const stopped = new DemoError('Stopped.');
const example = ['trim the first 3 seconds', 'add a logo watermark'];

interface Stage {
  readonly options: DemoOptions;
  /** Deleted at the end. */
  readonly workDir: string;
  readonly logDir: string;
  readonly ending: AbortController;
  /** In order of opening; ended in reverse. */
  readonly closers: (() => Promise<unknown>)[];
}

async function perform(stage: Stage): Promise<void> {
  const { options, ending } = stage;
  const startedAt = performance.now();
  const inputs = await prepare(stage);
  const { client, address } = await open(stage, inputs.paths.length);
  const ownWords = options.instructions.length > 0;
  const result = await runBatch(
    { stdout: process.stdout, stderr: process.stderr, client, interrupt: silentInterrupt(ending.signal) },
    {
      inputs: inputs.paths,
      instructions: ownWords ? options.instructions : example,
      assets: ownWords ? options.assets : [...options.assets, inputs.logo],
      name: 'demo',
      out: options.out,
      json: false,
      // Only what an earlier demo has left is replaced, never a file of the person's own.
      overwrite: options.inputs.length === 0,
    },
  );
  if (result.exitCode !== 0) throw new DemoError(`Not every file was finished. The logs are in ${stage.logDir}`);
  await report(stage, client, inputs, result);
  console.log(`All in ${durationWords(performance.now() - startedAt)}.`);
  if (options.dashboard) await leaveOpen(stage, `${address}/dashboard/batches/${result.batchId}`);
}

/** Until Ctrl-C, which then is the end that was meant, and no failure. */
async function leaveOpen({ ending }: Stage, url: string): Promise<void> {
  console.log(`The dashboard: ${url}\nCtrl-C ends it.`);
  await new Promise((resolve) => ending.signal.addEventListener('abort', resolve, { once: true }));
  if (ending.signal.reason !== stopped) throw ending.signal.reason;
}

async function prepare({ options, workDir, ending }: Stage): Promise<Inputs> {
  if (options.inputs.length > 0) {
    const { problems } = await collectSources([...options.inputs, ...options.assets]);
    if (problems.length > 0) throw new UsageError(problems);
    const needsLogo = options.instructions.length === 0;
    return { paths: options.inputs, logo: needsLogo ? await makeDemoLogo(workDir, ending.signal) : '' };
  }
  console.log(`Making ${options.files} clips of ${options.width}x${options.height} and a logo…`);
  return await makeInputs(options, workDir, ending.signal);
}

async function open(stage: Stage, files: number): Promise<{ client: Client; address: string }> {
  const { options, ending, closers } = stage;
  const there = options.url === null ? await startOwn(stage, files) : { url: options.url, key: options.key };
  const client = openClient({ ...there, signal: ending.signal });
  closers.push(() => client.close());
  if (options.dashboard) console.log(`The dashboard: ${there.url}/dashboard`);
  return { client, address: there.url };
}

async function startOwn(stage: Stage, files: number): Promise<{ url: string }> {
  const { ending, closers, logDir, workDir, options } = stage;
  await mkdir(logDir, { recursive: true });
  const around = {
    root,
    logDir,
    dataDir: join(workDir, 'data'),
    signal: ending.signal,
    onLost: (error: DemoError) => ending.abort(error),
  };
  const sandbox = await startSandbox(around, { files, copy: options.copy });
  closers.push(() => sandbox.stop());
  const service = await startService(around, sandbox.address);
  closers.push(() => service.stop());
  return { url: service.address };
}

/** Here the batch ends with the demo, so there is nothing to ask at Ctrl-C. */
function silentInterrupt(signal: AbortSignal) {
  return { signal, askFirst() {}, close() {} };
}

async function report({ options }: Stage, client: Client, inputs: Inputs, result: RunResult): Promise<void> {
  const isExample = options.inputs.length === 0 && options.instructions.length === 0 && !options.copy;
  for (const { file, path } of result.saved) {
    const source = inputs.paths[file.index] ?? '';
    const seen = isExample ? await checkExample({ source, output: path }) : await checkPlays(path);
    console.log(`✓ ${path}: ${seen}`);
    const { timeline } = await client.batches.file(result.batchId, file.id);
    if (timeline !== null) console.log(`  ${timeline.summary.replaceAll('\n', '\n  ')}`);
  }
}

/** Returns the exit code. */
async function main(): Promise<number> {
  const options = readDemoOptions(process.argv.slice(2));
  const logDir = join(root, '.data', 'demo');
  const workDir = await mkdtemp(join(tmpdir(), 'batch-video-demo-'));
  const stage: Stage = {
    options,
    workDir,
    logDir: relative(process.cwd(), logDir),
    ending: new AbortController(),
    closers: [],
  };
  const onSignal = (): void => stage.ending.abort(stopped);
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    await perform(stage);
    return 0;
  } catch (error) {
    return explain(stage.ending.signal.aborted ? stage.ending.signal.reason : error, stage.logDir);
  } finally {
    for (const close of stage.closers.toReversed()) await close();
    await rm(workDir, { recursive: true, force: true });
  }
}

function explain(error: unknown, logDir: string): number {
  const { sentences, exitCode } = toComplaint(error);
  const isSaid = error instanceof DemoError || error instanceof FfmpegError;
  console.error(`demo: ${isSaid ? error.message : sentences.join('\n')}`);
  if (!isSaid && !(error instanceof UsageError)) console.error(`The logs are in ${logDir}`);
  return exitCode === 0 ? 1 : exitCode;
}

process.exitCode = await main();
