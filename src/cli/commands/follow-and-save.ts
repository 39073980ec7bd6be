/** The second half of `run`, and all of `watch`: follow, save, sum up, and stay polite when the person leaves. */
import { filesInOrder, isOver, type BatchView } from '../batch-view.ts';
import { exitCodes, type ExitCode, type ServiceContext } from '../context.ts';
import type { Display } from '../display/display.ts';
import { followBatch } from '../follow-batch.ts';
import { Interruption } from '../interrupt.ts';
import type { SavedOutput, Saver } from '../open-saver.ts';
import { countOf, durationWords } from '../words.ts';

export interface FollowAndSave {
  readonly batchId: string;
  readonly display: Display;
  /** Null: outputs are left with the service. */
  readonly saver: Saver | null;
  readonly out: string | null;
}

export interface Followed {
  readonly exitCode: ExitCode;
  readonly batchId: string;
  readonly saved: readonly SavedOutput[];
}

/** What is listed by name at the end; the rest is a number. */
const maxListed = 20;

export async function followAndSave(context: ServiceContext, options: FollowAndSave): Promise<Followed> {
  const { batchId, display, saver } = options;
  context.interrupt.askFirst(() => display.say(`Leave it running? Press Ctrl-C again to leave. ${howToStop(batchId)}`));
  try {
    const view = await followBatch(context, {
      batchId,
      display,
      onFile: (view, resource) => saver?.save(view, resource),
    });
    const result = (await saver?.finish()) ?? { saved: [], failed: [] };
    display.settle();
    sumUp(options, view, result.saved, result.failed.length);
    return { exitCode: exitCodeOf(view, result.failed.length), batchId, saved: inOrder(result.saved) };
  } catch (error) {
    display.settle();
    // Only a person who leaves is told how to come back: the demo ends its service with itself.
    if (context.interrupt.signal.reason instanceof Interruption)
      display.say(`The batch goes on without this window. ${howToWatch(options)}`);
    throw error;
  } finally {
    context.interrupt.askFirst(null);
  }
}

const howToStop = (batchId: string): string => `To stop the batch itself: batch-video cancel ${batchId}`;

function howToWatch({ batchId, out }: FollowAndSave): string {
  return `Watch it again with: batch-video watch ${batchId}${out === null ? '' : ` --out ${quote(out)}`}`;
}

/** Copied into a shell as it is. */
const quote = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function exitCodeOf(view: BatchView, failedSaves: number): ExitCode {
  const counts = view.batch?.counts;
  const allDone = counts !== undefined && counts.completed === counts.total;
  return allDone && failedSaves === 0 ? exitCodes.allDone : exitCodes.someFailed;
}

const inOrder = (saved: readonly SavedOutput[]): SavedOutput[] => saved.toSorted((a, b) => a.file.index - b.file.index);

function sumUp(
  { batchId, display, out }: FollowAndSave,
  view: BatchView,
  saved: readonly SavedOutput[],
  failedSaves: number,
): void {
  const { batch } = view;
  if (batch === null || !isOver(batch)) return;
  const { counts } = batch;
  display.say(`${counts.completed} of ${countOf(counts.total, 'file')} done${tookWords(batch)}.`);
  const failed = filesInOrder(view).filter((file) => file.status === 'failed');
  for (const file of failed.slice(0, maxListed)) display.say(`  ${file.name}: ${file.words}`);
  if (failed.length > maxListed) display.say(`  … and ${failed.length - maxListed} more failed`);
  if (failed.some((file) => file.retryable)) display.say(`Try them again with: batch-video retry ${batchId}`);
  if (saved.length > 0) display.say(`Saved ${countOf(saved.length, 'video')} in ${out ?? '.'}/`);
  if (failedSaves > 0)
    display.say(
      `${countOf(failedSaves, 'video')} could not be saved. ${howToWatch({ batchId, display, out, saver: null })}`,
    );
}

function tookWords(batch: NonNullable<BatchView['batch']>): string {
  if (batch.finished_at === null) return '';
  return ` in ${durationWords(Date.parse(batch.finished_at) - Date.parse(batch.started_at ?? batch.created_at))}`;
}
