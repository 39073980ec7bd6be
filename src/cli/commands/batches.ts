/** `list`, `show`, `cancel`, `retry` and `credits`: one question or order, one answer. */
import type { BatchResource } from '../../api/batches.schema.ts';
import { maxLimit } from '../../api/page.schema.ts';
import type { BatchStatus } from '../../shared/domain/batch.ts';
import type { FileStatus } from '../../shared/domain/file-state.ts';
import { isOver } from '../batch-view.ts';
import { exitCodes, print, type ExitCode, type ServiceContext } from '../context.ts';
import { fit, oneLine } from '../display/fit.ts';
import { findFiles } from '../find-file.ts';
import { countOf, describeBatch, describeFile, durationWords } from '../words.ts';

interface Asked {
  readonly json: boolean;
}

const nameColumns = 24;
const statusColumns = 14;

export async function listCommand(
  context: ServiceContext,
  options: Asked & { readonly status?: BatchStatus | undefined; readonly limit: number },
): Promise<ExitCode> {
  const { data } = await context.client.batches.list({ status: options.status, limit: options.limit }).page();
  for (const batch of data) print(context.stdout, options.json ? JSON.stringify(batch) : toRow(batch));
  if (data.length === 0 && !options.json) print(context.stdout, 'There are no batches yet.');
  return exitCodes.allDone;
}

function toRow(batch: BatchResource): string {
  const { counts } = batch;
  const failed = counts.failed > 0 ? `, ${counts.failed} failed` : '';
  const time = new Date(batch.created_at).toLocaleString();
  const status = fit(batch.blocked === null ? describeBatch(batch) : 'on hold', statusColumns);
  return `${batch.id}  ${fit(batch.name ?? '', nameColumns)}  ${status}  ${time}  ${counts.completed} of ${counts.total} done${failed}`;
}

export async function showCommand(
  context: ServiceContext,
  options: Asked & { readonly batchId: string; readonly status?: FileStatus | undefined },
): Promise<ExitCode> {
  const { stdout, client } = context;
  const batch = await client.batches.get(options.batchId);
  if (options.json) print(stdout, JSON.stringify({ type: 'batch', batch }));
  else for (const line of toPage(batch)) print(stdout, line);
  for await (const file of client.batches.files(options.batchId, { status: options.status, limit: maxLimit })) {
    const row = `${fit(file.name, nameColumns)}  ${`${Math.floor(file.progress)}%`.padStart(4)}  ${oneLine(describeFile(file))}  ${file.id}`;
    print(stdout, options.json ? JSON.stringify({ type: 'file', file }) : row);
  }
  return exitCodes.allDone;
}

function toPage(batch: BatchResource): string[] {
  const { counts, credits, eta } = batch;
  const spent = `${credits.spent} credits spent${credits.spent_is === 'estimated' ? ' (estimated)' : ''}`;
  return [
    `${oneLine(batch.name ?? 'Batch')} (${batch.id})`,
    describeBatch(batch),
    `${counts.completed} of ${countOf(counts.total, 'file')} done, ${counts.failed} failed, ${counts.canceled} canceled; ${spent}`,
    ...(eta === null ? [] : [`About ${durationWords(eta.seconds * 1000)} left`]),
    '',
  ];
}

export async function cancelCommand(
  context: ServiceContext,
  options: Asked & { readonly batchId: string },
): Promise<ExitCode> {
  const batch = await context.client.batches.cancel(options.batchId);
  print(context.stdout, options.json ? JSON.stringify(batch) : `${batch.id} is ${describeBatch(batch)}.`);
  return exitCodes.allDone;
}

export async function retryCommand(
  context: ServiceContext,
  options: Asked & { readonly batchId: string; readonly files: readonly string[] },
): Promise<ExitCode> {
  const { client, stdout } = context;
  const fileIds =
    options.files.length === 0 ? undefined : (await findFiles(client, options.batchId, options.files)).fileIds;
  const batch = await client.batches.retry(options.batchId, fileIds === undefined ? {} : { file_ids: fileIds });
  const text =
    batch.counts.failed === 0 && isOver(batch)
      ? 'No file of this batch has failed, so there is nothing to try again.'
      : `Trying again. Watch it with: batch-video watch ${batch.id} --out output`;
  print(stdout, options.json ? JSON.stringify(batch) : text);
  return exitCodes.allDone;
}

export async function creditsCommand(context: ServiceContext, options: Asked): Promise<ExitCode> {
  const credits = await context.client.credits();
  const text = `${credits.available} credits available, ${credits.frozen} reserved by running work, ${credits.total} in total`;
  const more = credits.kind === 'anonymous' ? `${text}\nMore: ${credits.help_url}` : text;
  print(context.stdout, options.json ? JSON.stringify(credits) : more);
  return exitCodes.allDone;
}
