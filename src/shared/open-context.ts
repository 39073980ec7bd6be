/**
 * Opens what a process of the service needs, in order, into `resources` (closed in reverse). The embedded Redis is
 * opened by whoever starts the process, once for all of its parts.
 */
import type { Logger } from 'pino';
import { openAccount } from './account/account.ts';
import { resolveAccountId } from './account/account-id.ts';
import type { Config } from './config/config.ts';
import type { Context } from './context.ts';
import type { Policy } from './domain/policy.ts';
import { createGuardedAgent } from './guard/create-guarded-agent.ts';
import { closeQueues, openQueues } from './queues.ts';
import { allowGrowthFromNowOn } from './redis/allow-growth.ts';
import { addressOf, openRedis, type RedisTarget } from './redis/connect.ts';
import { createKeys } from './redis/keys.ts';
import { openBarrier } from './redis/open-barrier.ts';
import { createReplication } from './redis/replication.ts';
import { createScripts } from './redis/scripts.ts';
import { watchRedis } from './redis/watch-redis.ts';
import { createRenderIds } from './render-ids.ts';
import type { Resources } from './resources.ts';
import { createSpecCache } from './spec-cache.ts';
import type { Telemetry } from './telemetry.ts';
import { noTracing, type Tracing } from './tracing/tracing.ts';
import { openUpstream } from './upstream/open-upstream.ts';
import { version } from './version.ts';
import { createWatch } from './watch-upstream.ts';
import { openWebhookSender } from './webhook/webhook-sender.ts';

export interface ContextOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly resources: Resources;
  readonly redisTarget: RedisTarget;
  /** One a process, whatever runs in it. */
  readonly telemetry: Telemetry;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
  /** `api` fails fast while Redis is away, `worker` waits. */
  readonly role: 'api' | 'worker';
  readonly reach?: (point: string) => void;
}

export interface OpenedContext extends Context {
  /** For subscriptions only; a subscribed connection takes no other command. */
  readonly subscriber: ReturnType<typeof openRedis>;
}

/** A request waits no longer than that for its 503; a worker's commands outlive a freeze, but not a dead network. */
const giveUpMs = { api: 0, worker: 15_000 };

export async function openContext(options: ContextOptions): Promise<OpenedContext> {
  const { config, log, telemetry, resources, redisTarget, role, tracing = noTracing } = options;
  const connect = (as: 'api' | 'worker' | 'subscriber') => {
    const client = openRedis({ ...redisTarget, role: as, log });
    resources.add(`redis ${as}`, () => client.disconnect());
    return client;
  };
  const redis = connect(role);
  const subscriber = connect('subscriber');
  await ready(redis);
  const keys = createKeys(config.redisPrefix);
  const watch = watchRedis({ redis, subscriber, keys, log, giveUpMs: giveUpMs[role] });
  resources.add('redis watch', watch.close);
  const barrier = await openBarrier({ redis, keys, connect: () => connect(role) });
  const scripts = createScripts(redis, keys, telemetry.redisAnswered);
  allowGrowthFromNowOn(redis);
  const replication = createReplication({ redis, address: addressOf(redisTarget), key: keys.moving(), log });
  const queues = openQueues(redis, keys.tag);
  resources.add('queues', () => closeQueues(queues));
  const upstream = openUpstream({
    baseUrl: config.nemoApiUrl,
    webUrl: config.nemoWebUrl,
    skillSource: config.skillSource ?? undefined,
    installPath: import.meta.dirname,
    version,
    watch: createWatch(telemetry, tracing),
    allowPrivateOutputs: config.sourceAllowPrivate,
  });
  resources.add('upstream', upstream.close);
  const deliveryDispatcher = createGuardedAgent({ allowPrivate: config.sourceAllowPrivate });
  resources.add('destinations', () => deliveryDispatcher.destroy());
  const webhooks = openWebhookSender(config);
  resources.add('webhooks', webhooks.close);
  const accountId = await resolveAccountId(redis, keys, config);
  const account = await openAccount({ redis, subscriber, keys, scripts, config, upstream, accountId, log });
  return {
    config,
    log,
    telemetry,
    tracing,
    redis,
    watch,
    barrier,
    subscriber,
    keys,
    scripts,
    replication,
    queues,
    policy: toPolicy(config),
    specs: createSpecCache(),
    accountId,
    account,
    deliveryDispatcher,
    webhooks,
    newRenderId: createRenderIds(),
    reach: options.reach ?? (() => undefined),
    random: Math.random,
  };
}

const toPolicy = (config: Config): Policy => ({
  rateLimitWaitMs: config.rateLimitWaitMs,
  rateLimitAttempts: config.rateLimitAttempts,
  editTimeoutMs: config.editTimeoutMs,
  editSettleMs: config.editSettleMs,
  editRecheckFirstMs: config.editRecheckFirstMs,
  editRecheckMs: config.editRecheckMs,
  editRechecks: config.editRechecks,
  upstreamGiveUpMs: config.upstreamGiveUpMs,
  renderPollMs: config.renderPollMs,
  renderMaxPolls: config.renderMaxPolls,
});

/** A connection without an offline queue refuses commands until it stands. */
async function ready(redis: ReturnType<typeof openRedis>): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve) => redis.once('ready', () => resolve()));
}
