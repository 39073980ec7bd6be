/**
 * One subscription for all open event streams of this process. It only wakes them: what happened is read from the
 * batch's stream, so a lost message costs a moment, never an event.
 */
import type { Context } from '../shared/context.ts';
import { liveProgressSchema, type LiveProgress } from '../shared/live-progress.ts';
import type { ApiContext } from './api-context.ts';
import type { Watched } from './read-events.ts';

export interface Listener {
  readonly changed: () => void;
  readonly progressed: (progress: LiveProgress) => void;
  /** The process ends: the stream should, too. */
  readonly end: () => void;
}

export interface LiveFeed {
  /** Returns what ends the listening. Progress is told to listeners of one batch. */
  readonly listen: (watched: Watched, listener: Listener) => () => void;
  readonly close: () => Promise<void>;
}

export async function openLiveFeed(ctx: ApiContext): Promise<LiveFeed> {
  const { subscriber, keys } = ctx;
  const listeners = new Map<string, Set<Listener>>();
  const channels = { changes: keys.eventsChannel(), progress: keys.progressChannel() };
  const onMessage = (channel: string, message: string): void => {
    if (channel === channels.changes) tellChange(listeners, message);
    if (channel === channels.progress) tellProgress(ctx, listeners, message);
  };
  // Whatever was published while the connection was away is in the streams.
  const onReady = (): void => {
    for (const group of listeners.values()) for (const listener of group) listener.changed();
  };
  subscriber.on('message', onMessage).on('ready', onReady);
  await subscriber.subscribe(channels.changes, channels.progress);
  return {
    listen: (watched, listener) => {
      const name = nameOf(watched);
      const group = listeners.get(name) ?? new Set<Listener>();
      listeners.set(name, group.add(listener));
      return () => {
        group.delete(listener);
        if (group.size === 0) listeners.delete(name);
      };
    },
    close: async () => {
      subscriber.off('message', onMessage).off('ready', onReady);
      for (const group of listeners.values()) for (const listener of group) listener.end();
    },
  };
}

/** Ids of batches and names of tenants never look alike: the kind stands in front. */
function nameOf(watched: Watched): string {
  if (watched.kind === 'all') return 'all';
  return watched.kind === 'batch' ? `batch ${watched.batchId}` : `tenant ${watched.tenant}`;
}

/** `<tenant> <batch>`, as lib.lua publishes. */
export function toChanged(message: string): { readonly tenant: string; readonly batchId: string } {
  const [tenant = '', batchId = ''] = message.split(' ');
  return { tenant, batchId };
}

function tellChange(listeners: ReadonlyMap<string, ReadonlySet<Listener>>, message: string): void {
  const { tenant, batchId } = toChanged(message);
  const all: Watched[] = [{ kind: 'batch', batchId }, { kind: 'tenant', tenant }, { kind: 'all' }];
  for (const watched of all) for (const listener of listeners.get(nameOf(watched)) ?? []) listener.changed();
}

function tellProgress(ctx: Context, listeners: ReadonlyMap<string, ReadonlySet<Listener>>, message: string): void {
  // Nobody watches anything: nothing to read it for.
  if (listeners.size === 0) return;
  const parsed = liveProgressSchema.safeParse(JSON.parse(message));
  if (!parsed.success) {
    ctx.log.debug({ err: parsed.error }, 'progress of another release');
    return;
  }
  for (const listener of listeners.get(nameOf({ kind: 'batch', batchId: parsed.data.batch_id })) ?? [])
    listener.progressed(parsed.data);
}
