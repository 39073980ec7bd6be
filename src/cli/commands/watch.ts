/** `watch`: follows a batch that runs or has ended, and saves its outputs when told where. */
import type { ExitCode, ServiceContext } from '../context.ts';
import { print } from '../context.ts';
import { openDisplay } from '../display/open-display.ts';
import { openSaver } from '../open-saver.ts';
import { followAndSave } from './follow-and-save.ts';

export interface WatchOptions {
  readonly batchId: string;
  readonly out?: string | undefined;
  readonly json: boolean;
  readonly overwrite: boolean;
}

export async function watchCommand(context: ServiceContext, options: WatchOptions): Promise<ExitCode> {
  const { batchId, out = null } = options;
  const display = openDisplay(context.stdout, options.json);
  try {
    const saver =
      out === null
        ? null
        : await openSaver(context, { out, display, mayReplace: options.overwrite, trustsSameSize: true });
    const { exitCode } = await followAndSave(context, { batchId, display, saver, out });
    if (options.json) print(context.stdout, JSON.stringify({ type: 'end', exit_code: exitCode, batch_id: batchId }));
    return exitCode;
  } finally {
    display.settle();
  }
}
