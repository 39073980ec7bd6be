/**
 * The figures that Prometheus reads. One registry a process; labels are bounded words (step, outcome, reason), never an
 * id or a tenant. Figures of the fleet are read from Redis when asked for, so any process can tell them.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { Redis } from 'ioredis';
import type { Config } from './config/config.ts';
import type { Keys } from './redis/keys.ts';

export interface Telemetry {
  readonly registry: Registry;
  /** A run of a step has ended: `done`, `repeat-call`, `hand-over`, `leave-alone` or `broken`. */
  readonly stepEnded: (step: string, outcome: string, seconds: number) => void;
  /** A turn came back: `closed`, `unknown` or `not-taken`. */
  readonly turnEnded: (outcome: string) => void;
  /** Due files whose record a newer release wrote, as one sweep has found them. */
  readonly newerRecordsSeen: (files: number) => void;
  readonly httpAnswered: (route: string, method: string, status: number, seconds: number) => void;
  /** Adds what the fleet shares; asked for at each scrape. */
  readonly watchFleet: (fleet: { redis: Redis; keys: Keys; config: Config; accountId: string }) => void;
}

const seconds = [0.005, 0.025, 0.1, 0.5, 2, 10, 60, 300, 900];

export function createTelemetry(): Telemetry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const steps = new Histogram({
    name: 'batch_video_step_seconds',
    help: 'Runs of steps by how they ended',
    labelNames: ['step', 'outcome'],
    buckets: seconds,
    registers,
  });
  const turns = new Counter({
    name: 'batch_video_turns_total',
    help: 'Turns sent, by how they came back',
    labelNames: ['outcome'],
    registers,
  });
  const newer = new Gauge({
    name: 'batch_video_newer_records',
    help: 'Due files whose record a newer release wrote: left to its workers',
    registers,
  });
  const http = new Histogram({
    name: 'batch_video_http_seconds',
    help: 'Answers of the API',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers,
  });
  return {
    registry,
    stepEnded: (step, outcome, took) => steps.observe({ step, outcome }, took),
    newerRecordsSeen: (files) => newer.set(files),
    turnEnded: (outcome) => turns.inc({ outcome }),
    httpAnswered: (route, method, status, took) =>
      http.observe({ route, method, status: `${Math.floor(status / 100)}xx` }, took),
    watchFleet: (fleet) => watchFleet(registers, fleet),
  };
}

/** Redis away: the gauges are left out of that scrape rather than shown as zero. */
function watchFleet(
  registers: Registry[],
  { redis, keys, config, accountId }: { redis: Redis; keys: Keys; config: Config; accountId: string },
): void {
  const gauge = (name: string, help: string, read: () => Promise<number>): void => {
    const shown = new Gauge({
      name: `batch_video_${name}`,
      help,
      registers,
      collect: async () => {
        try {
          shown.set(await read());
        } catch {
          shown.reset();
        }
      },
    });
  };
  const field = async (name: string, otherwise: number): Promise<number> =>
    Number((await redis.hget(keys.account(accountId), name)) ?? otherwise);
  gauge('in_flight', 'Files in flight', () => redis.scard(keys.inFlight(accountId)));
  gauge('window', 'How many files may be in flight now', () => field('window', config.maxInFlight));
  gauge('rate_limited_total', '429s of the account', () => field('limited', 0));
  gauge('account_blocked', '1 while the account is out of credits or its token is dead', async () =>
    (await redis.hexists(keys.account(accountId), 'blocked')) === 1 ? 1 : 0,
  );
  gauge('awaiting_upload', 'Admitted files that wait for their first upload', () => redis.scard(keys.awaitingUpload()));
  gauge('moving', 'Files with a run to come', () => redis.zcard(keys.moving()));
  gauge('deliveries_due', 'Webhook deliveries that are not delivered yet', () => redis.zcard(keys.deliveriesDue()));
  gauge('batches', 'Batches that are kept', () => redis.zcard(keys.allBatches()));
}
