/**
 * One subscription for everybody who watches the dashboard through this process. It tells which batches have news, and
 * passes progress on; what the news is, each reader asks for itself.
 */
import { liveProgressSchema, type LiveProgress } from '../shared/live-progress.ts';
import type { ApiContext } from './api-context.ts';
import { toChanged } from './live-feed.ts';

export interface Watcher {
  readonly changed: (batchId: string) => void;
  readonly progressed: (progress: LiveProgress) => void;
  /** Messages may have been lost: whatever is shown may be old. */
  readonly missed: () => void;
  readonly end: () => void;
}

export interface DashboardFeed {
  readonly watch: (watcher: Watcher) => () => void;
  readonly close: () => Promise<void>;
}

export async function openDashboardFeed(ctx: ApiContext): Promise<DashboardFeed> {
  const { subscriber, keys } = ctx;
  const watchers = new Set<Watcher>();
  const channels = { changes: keys.eventsChannel(), progress: keys.progressChannel() };
  const onMessage = (channel: string, message: string): void => {
    if (watchers.size === 0) return;
    if (channel === channels.changes) for (const watcher of watchers) watcher.changed(toChanged(message).batchId);
    if (channel !== channels.progress) return;
    const parsed = liveProgressSchema.safeParse(JSON.parse(message));
    if (parsed.success) for (const watcher of watchers) watcher.progressed(parsed.data);
  };
  const onReady = (): void => {
    for (const watcher of watchers) watcher.missed();
  };
  subscriber.on('message', onMessage).on('ready', onReady);
  await subscriber.subscribe(channels.changes, channels.progress);
  return {
    watch: (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    close: async () => {
      subscriber.off('message', onMessage).off('ready', onReady);
      for (const watcher of watchers) watcher.end();
    },
  };
}
