/**
 * Acts on a message (seed, "Matching Input to Actions"): what can be answered is answered at once and reopens nothing;
 * edits, assets and a render that is needed again go through the file's own states.
 */
import { advance } from '../shared/advance.ts';
import type { StoredBatch } from '../shared/read-batch.ts';
import { readFile, type FileView } from '../shared/read-file.ts';
import { outputOf, toTimeline } from '../shared/to-file-resource.ts';
import { dropBody } from '../shared/upstream/open-output.ts';
import { keepUploads } from '../shared/upload-record.ts';
import type { ApiContext } from './api-context.ts';
import { readCredits } from './credits.routes.ts';
import type { MessageAnswer } from './files.schema.ts';
import type { Message } from './judge-message.ts';
import { conflict, invalid, notFound } from './refused-error.ts';
import { maxInstructions } from './request-parts.schema.ts';
import { aroundFiles, toFile } from './show-files.ts';

export interface Target {
  readonly batch: StoredBatch;
  readonly view: FileView;
}

/** A look at the output, not its bytes. */
const lookMs = 5000;

export async function takeMessage(ctx: ApiContext, target: Target, message: Message): Promise<MessageAnswer> {
  if (target.batch.progress.canceledRound === target.batch.progress.round) {
    throw conflict('batch_canceled', 'The batch is canceled: its files take no messages any more.');
  }
  switch (message.action) {
    case 'credits':
      return { action: 'credits', credits: await readCredits(ctx) };
    case 'state':
      return { action: 'state', timeline: toTimeline(target.view.file.timeline) };
    case 'export':
      return exportFile(ctx, target, message);
    case 'upload':
      return { action: 'upload', file: await begin(ctx, target, { ...message, text: null }, 'upload') };
    case 'edit':
      return { action: 'edit', file: await begin(ctx, target, message, 'edit') };
  }
}

/** The present output where it serves; else it is rendered again. */
async function exportFile(ctx: ApiContext, target: Target, message: Message): Promise<MessageAnswer> {
  const serves = await outputServes(ctx, target);
  const rendering = { ...message, text: null, assets: [] };
  const file = serves ? await show(ctx, target.batch, target.view) : await begin(ctx, target, rendering, 'render');
  return { action: 'export', file, output: file.output };
}

async function outputServes(ctx: ApiContext, { view }: Target): Promise<boolean> {
  const output = outputOf(view.file);
  if (output === null) return false;
  try {
    dropBody(await ctx.openContent(output, 'bytes=0-0', AbortSignal.timeout(lookMs)));
    return true;
  } catch (error) {
    ctx.log.info({ err: error, file_id: view.file.id }, 'output does not serve any more');
    return false;
  }
}

async function begin(ctx: ApiContext, { batch, view }: Target, message: Message, action: 'edit' | 'render' | 'upload') {
  const { file } = view;
  if (file.state.status !== 'completed') throw notFinished(file.state.status);
  if (message.text !== null && file.instructions.length >= maxInstructions) {
    throw conflict('too_many_instructions', `A file takes ${maxInstructions} instructions.`);
  }
  await keepAssets(ctx, batch, message);
  const { text, assets } = message;
  const moved = await advance(ctx, file.id, { type: 'messaged', action, text, assets });
  if (moved.kind === 'missing') throw notFound('file');
  // Another message was faster.
  if (moved.kind !== 'saved') throw notFinished(moved.loaded.file.state.status);
  return show(ctx, batch, (await readFile(ctx, file.id)) ?? view);
}

const notFinished = (status: string): Error =>
  conflict('file_not_finished', `The file is ${status}; messages are for completed files.`);

async function keepAssets(ctx: ApiContext, { id }: StoredBatch, { assets, tenant }: Message): Promise<void> {
  const uploadIds = assets.flatMap((asset) => (asset.kind === 'upload' ? [asset.uploadId] : []));
  const gone = await keepUploads(ctx, { batchId: id, tenant, uploadIds });
  if (gone.length === 0) return;
  throw invalid([{ pointer: '#/assets', code: 'unknown_upload', detail: 'An upload has expired.' }]);
}

async function show(ctx: ApiContext, batch: StoredBatch, view: FileView) {
  return toFile(view, await aroundFiles(ctx, batch));
}
