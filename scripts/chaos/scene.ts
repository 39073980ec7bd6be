/** What a story of the kill matrix is: what the caller does, which process dies of it, and what must come of it. */
import type { Arena } from './arena.ts';
import type { Expected } from './verdict.ts';

export interface Story {
  /** Which process dies. The other one is there, healthy: the API all the time, the worker once the victim is dead. */
  readonly victim: 'api' | 'worker';
  readonly files?: number;
  /** Besides what every batch of the matrix says. */
  readonly batch?: (arena: Arena) => object;
  /** Faults of the sandbox, as POST /admin/faults takes them. */
  readonly faults?: readonly object[];
  /** Statuses that the outside answers first, by path. */
  readonly answers?: Readonly<Record<string, readonly number[]>>;
  /** Another worker is killed here first, so that the victim takes over from it. */
  readonly before?: string;
  /** What is there before the victim is asked: a batch, as a rule. The id of the batch, or null. */
  readonly begin?: (scene: Scene) => Promise<string | null>;
  /** Of the API: the request that it dies of. Null: no answer came. Of the worker: what happens beside its work. */
  readonly ask?: (scene: Scene, batchId: string) => Promise<Response | null>;
  /** What a caller does who was not answered, or whose request is done with; the id of the batch to judge. */
  readonly after?: (scene: Scene, batchId: string, answer: Response | null) => Promise<string>;
  readonly expect?: Partial<Expected>;
  /** A turn may have been fenced and not sent. */
  readonly mayBeUnconfirmed?: boolean;
  readonly mostTokens?: number;
}

export interface Scene {
  readonly arena: Arena;
  readonly point: string;
  readonly story: Story;
  /** Where requests go that the victim is to die of: the victim, where it is an API. */
  readonly address: string;
}
