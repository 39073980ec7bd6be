/** `run`: sends files, posts one batch, follows it and saves its outputs (design §10). */
import type { AcceptedBatch } from '../../api/batches.schema.ts';
import type { NewBatch } from '../../client/batch-calls.ts';
import { ServiceError } from '../../client/service-error.ts';
import { print, type ExitCode, type ServiceContext } from '../context.ts';
import type { Display } from '../display/display.ts';
import { openDisplay } from '../display/open-display.ts';
import { collectSources, type Source } from '../files/collect-sources.ts';
import { sendableName } from '../files/safe-name.ts';
import { sendSources, type SourceReference } from '../files/send-sources.ts';
import { openSaver, type SavedOutput } from '../open-saver.ts';
import { UsageError } from '../usage-error.ts';
import { countOf } from '../words.ts';
import { followAndSave } from './follow-and-save.ts';

export interface RunOptions {
  readonly inputs: readonly string[];
  readonly instructions: readonly string[];
  readonly assets: readonly string[];
  readonly out: string;
  readonly json: boolean;
  readonly overwrite: boolean;
  readonly name?: string | undefined;
  readonly maxSessions?: number | undefined;
  readonly order?: 'as_given' | 'longest_first' | undefined;
}

export interface RunResult {
  readonly exitCode: ExitCode;
  readonly batchId: string;
  readonly saved: readonly SavedOutput[];
}

export async function runBatch(context: ServiceContext, options: RunOptions): Promise<RunResult> {
  const { sources, assets } = await collect(options);
  const display = openDisplay(context.stdout, options.json);
  try {
    display.say('Connecting…');
    // The cheapest call that proves both the address and the key.
    await context.client.batches.list({ limit: 1 }).page();
    display.say('Ready');
    const local = sources.flatMap((source) => (source.kind === 'file' ? [source.path] : []));
    const saver = await openSaver(context, {
      out: options.out,
      display,
      mayReplace: options.overwrite,
      sources: local,
      trustsSameSize: false,
    });
    const batch = await post(context, display, options, sources, assets);
    return await followAndSave(context, { batchId: batch.id, display, saver, out: options.out });
  } finally {
    display.settle();
  }
}

async function collect(options: RunOptions): Promise<{ sources: readonly Source[]; assets: readonly Source[] }> {
  const files = await collectSources(options.inputs);
  const assets = await collectSources(options.assets);
  const problems = [...files.problems, ...assets.problems];
  if (options.instructions.length === 0) problems.push('Say what to do, for example: -i "trim the first 3 seconds"');
  if (files.sources.length === 0 && files.problems.length === 0)
    problems.push('Name the videos, a folder of them, or URLs.');
  if (problems.length > 0) throw new UsageError(problems);
  return { sources: files.sources, assets: assets.sources };
}

async function post(
  context: ServiceContext,
  display: Display,
  options: RunOptions,
  sources: readonly Source[],
  assets: readonly Source[],
): Promise<AcceptedBatch> {
  const sent = await sendSources(context.client, [...assets, ...sources], (sending) => display.sending(sending));
  const batch = await create(context, sources, toRequest(options, sources, sent));
  for (const warning of batch.warnings) display.say(`Note: ${warning.detail}`);
  display.say(`Working on ${countOf(sources.length, 'file')}. This is ${batch.id}`);
  return batch;
}

function toRequest(options: RunOptions, sources: readonly Source[], sent: readonly SourceReference[]): NewBatch {
  const assetCount = sent.length - sources.length;
  return {
    name: options.name ?? null,
    instructions: [...options.instructions],
    assets: sent.slice(0, assetCount),
    max_sessions: options.maxSessions ?? null,
    order: options.order ?? null,
    files: sources.flatMap((source, index) => {
      const reference = sent[assetCount + index];
      if (reference === undefined) return [];
      // A URL's name is left to the service, which may learn a better one than its path.
      return [source.kind === 'url' ? { source: reference } : { source: reference, name: sendableName(source.name) }];
    }),
  };
}

/** Pointers into a request that the person never saw are told as the files that they named. */
async function create(context: ServiceContext, sources: readonly Source[], request: NewBatch): Promise<AcceptedBatch> {
  try {
    return await context.client.batches.create(request);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status !== 422 || error.errors.length === 0) throw error;
    throw new UsageError(error.errors.map(({ pointer, detail }) => `${namePointer(pointer, sources)}: ${detail}`));
  }
}

function namePointer(pointer: string, sources: readonly Source[]): string {
  const [, index, rest = ''] = /^#\/files\/(\d+)(?:\/(.*))?$/.exec(pointer) ?? [];
  const source = index === undefined ? undefined : sources[Number(index)];
  if (source === undefined) return pointer.replace(/^#\//, '');
  const text = source.kind === 'url' ? source.url : source.path;
  return rest === '' || rest.startsWith('source') ? text : `${text} (${rest})`;
}

export async function runCommand(context: ServiceContext, options: RunOptions): Promise<ExitCode> {
  const result = await runBatch(context, options);
  if (options.json)
    print(context.stdout, JSON.stringify({ type: 'end', exit_code: result.exitCode, batch_id: result.batchId }));
  return result.exitCode;
}
