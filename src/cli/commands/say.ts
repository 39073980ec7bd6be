/** `say`: iterates on a finished file. Prints the answer where there is one at once, else follows the file's new work. */
import type { FileResource, MessageAnswer } from '../../api/files.schema.ts';
import { isOver } from '../batch-view.ts';
import { exitCodes, print, type ExitCode, type ServiceContext } from '../context.ts';
import { oneLine } from '../display/fit.ts';
import { openDisplay } from '../display/open-display.ts';
import { collectSources } from '../files/collect-sources.ts';
import { sendSources } from '../files/send-sources.ts';
import { findFiles } from '../find-file.ts';
import { followBatch } from '../follow-batch.ts';
import { openSaver } from '../open-saver.ts';
import { UsageError } from '../usage-error.ts';

export interface SayOptions {
  readonly batchId: string | null;
  readonly file: string;
  readonly text: string;
  readonly assets: readonly string[];
  readonly out?: string | undefined;
  readonly json: boolean;
}

export async function sayCommand(context: ServiceContext, options: SayOptions): Promise<ExitCode> {
  const { batchId, fileIds } = await findFiles(context.client, options.batchId, [options.file]);
  const [fileId = ''] = fileIds;
  const assets = await sendAssets(context, options.assets);
  const answer = await context.client.batches.message(batchId, fileId, {
    text: options.text,
    ...(assets.length === 0 ? {} : { assets }),
  });
  if (options.json) print(context.stdout, JSON.stringify(answer));
  else print(context.stdout, oneLine(describe(answer)));
  return 'file' in answer ? await followWork(context, options, answer.file) : exitCodes.allDone;
}

async function sendAssets(context: ServiceContext, given: readonly string[]) {
  const { sources, problems } = await collectSources(given);
  if (problems.length > 0) throw new UsageError(problems);
  return await sendSources(context.client, sources, () => {});
}

function describe(answer: MessageAnswer): string {
  switch (answer.action) {
    case 'credits':
      return `${answer.credits.available} credits available`;
    case 'state':
      return answer.timeline?.summary ?? 'There is no timeline yet.';
    case 'export':
      return answer.output === null ? 'Exporting…' : `Here it is: ${answer.output.url}`;
    case 'upload':
      return 'Added to the project.';
    case 'edit':
      return 'Working on it…';
  }
}

/** The file that the message set to work; one that is through already (assets alone, an output that is there) just ends. */
async function followWork(context: ServiceContext, options: SayOptions, file: FileResource): Promise<ExitCode> {
  const display = openDisplay(context.stdout, options.json);
  const { out } = options;
  const saver =
    out === undefined ? null : await openSaver(context, { out, display, mayReplace: false, trustsSameSize: false });
  try {
    const view = await followBatch(context, {
      batchId: file.batch_id,
      display,
      onFile: (view, resource) => {
        if (resource.id === file.id) saver?.save(view, resource);
      },
      isEnough: (view) => isOver(view.files.get(file.id) ?? null),
    });
    const result = await saver?.finish();
    display.settle();
    const after = view.files.get(file.id);
    if (after !== undefined) display.say(`${after.name}: ${after.words}`);
    for (const { path } of result?.saved ?? []) display.say(`Saved as ${path}`);
    return after?.status === 'completed' && (result?.failed.length ?? 0) === 0
      ? exitCodes.allDone
      : exitCodes.someFailed;
  } finally {
    display.settle();
  }
}
