/** What every part of the service is given: opened once by a process's entry, closed in reverse. No globals beside it. */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
import type { Account } from './account/account.ts';
import type { Config } from './config/config.ts';
import type { Policy } from './domain/policy.ts';
import type { Queues } from './queues.ts';
import type { Keys } from './redis/keys.ts';
import type { Barrier } from './redis/open-barrier.ts';
import type { RedisWatch } from './redis/watch-redis.ts';
import type { Replication } from './redis/replication.ts';
import type { Scripts } from './redis/scripts.ts';
import type { SpecCache } from './spec-cache.ts';
import type { Telemetry } from './telemetry.ts';
import type { Tracing } from './tracing/tracing.ts';
import type { WebhookSender } from './webhook/webhook-sender.ts';

export interface Context {
  readonly config: Config;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly tracing: Tracing;
  readonly redis: Redis;
  /** Is it there, and with our data? */
  readonly watch: RedisWatch;
  /** Waits until what was acknowledged is on disk, where Redis is configured to be later than that. */
  readonly barrier: Barrier;
  readonly keys: Keys;
  readonly scripts: Scripts;
  /** Waits for a replica after a write, where Redis has any. */
  readonly replication: Replication;
  readonly queues: Queues;
  readonly policy: Policy;
  /** Batches' specs never change, so a process reads each once. */
  readonly specs: SpecCache;
  /** Connections to receivers of webhooks, and how many are open to each. */
  readonly webhooks: WebhookSender;
  /** The account that calls run under (design §6): hash of NEMO_TOKEN, or the anonymous client. */
  readonly accountId: string;
  /** The way to the upstream; the account's pause and token. */
  readonly account: Account;
  /** Guarded connections to callers' destinations (SOURCE_ALLOW_PRIVATE). */
  readonly deliveryDispatcher: Dispatcher;
  /** `render_<digits>`, unique across the fleet. */
  readonly newRenderId: () => string;
  /**
   * Named boundaries of every step, for the chaos harness, which dies there. Does nothing unless a harness wired it:
   * there is no setting for it.
   */
  readonly reach: (point: string) => void;
  /** 0 ≤ x < 1; given, so that tests can fix it. */
  readonly random: () => number;
}
