/** Follows a batch to its end: live events into the view, each change to the display. It saves and sends nothing. */
import type { BatchResource } from '../api/batches.schema.ts';
import type { FileResource } from '../api/files.schema.ts';
import { maxLimit } from '../api/page.schema.ts';
import { createBatchView, isOver, takeBatch, takeFile, takeProgress, type BatchView } from './batch-view.ts';
import type { LiveEvent } from '../client/live-event.ts';
import type { ServiceContext } from './context.ts';
import type { Change, Display } from './display/display.ts';

export interface Following {
  readonly batchId: string;
  readonly display: Display;
  /** Called for every file that is new or has another status, once all files are known. */
  readonly onFile: (view: BatchView, resource: FileResource) => void;
  /** Ends the following early, before the batch has ended. */
  readonly isEnough?: (view: BatchView) => boolean;
}

export async function followBatch(context: ServiceContext, following: Following): Promise<BatchView> {
  const view = createBatchView();
  const { signal } = context.interrupt;
  for await (const event of context.client.batches.events(following.batchId, { signal })) {
    await take(context, following, view, event);
    if (isOver(view.batch) || following.isEnough?.(view) === true) break;
  }
  // The end of the batch may overtake the last events of its files.
  if (isOver(view.batch) && [...view.files.values()].some((file) => !isOver(file))) {
    await pageFiles(context, following, view);
  }
  return view;
}

async function take(context: ServiceContext, following: Following, view: BatchView, event: LiveEvent): Promise<void> {
  switch (event.type) {
    case 'snapshot':
      noteBatch(following, view, event.batch);
      return await pageFiles(context, following, view);
    case 'batch':
      return noteBatch(following, view, event.batch);
    case 'file':
      return noteFile(following, view, event.file);
    case 'progress': {
      const file = takeProgress(view, event.fileId, event.progress, event.note);
      return file === null ? undefined : following.display.changed(view, { type: 'progress', file });
    }
    case 'lost':
    case 'opened':
      return noteConnection(following, view, event.type === 'opened');
    case 'reset':
      // A snapshot comes next, and with it the files.
      return;
  }
}

/** Collected first, as names of outputs depend on all files of the batch. */
async function pageFiles(context: ServiceContext, following: Following, view: BatchView): Promise<void> {
  const changes: Change[] = [];
  for await (const resource of context.client.batches.files(following.batchId, { limit: maxLimit })) {
    changes.push({ type: 'file', resource, ...takeFile(view, resource) });
  }
  for (const change of changes) tell(following, view, change);
}

function noteBatch(following: Following, view: BatchView, batch: BatchResource): void {
  tell(following, view, { type: 'batch', batch, ...takeBatch(view, batch) });
}

function noteFile(following: Following, view: BatchView, resource: FileResource): void {
  tell(following, view, { type: 'file', resource, ...takeFile(view, resource) });
}

function noteConnection(following: Following, view: BatchView, isConnected: boolean): void {
  if (view.isConnected === isConnected) return;
  view.isConnected = isConnected;
  tell(following, view, { type: 'connection', isConnected });
}

function tell(following: Following, view: BatchView, change: Change): void {
  following.display.changed(view, change);
  if (change.type === 'file' && change.isNewStatus) following.onFile(view, change.resource);
}
