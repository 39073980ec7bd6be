/**
 * The figures of this process that Prometheus reads. One registry a process; labels are bounded words (step, outcome,
 * reason, route), never an id or a tenant: a page stays below 500 series whatever is worked on.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { version } from './version.ts';

export interface Telemetry {
  readonly registry: Registry;
  /** A run of a step has ended: `done`, `repeat-call`, `hand-over`, `leave-alone` or `broken`. */
  readonly stepEnded: (step: string, outcome: string, seconds: number) => void;
  /** A turn came back: `closed`, `unknown` or `not-taken`. */
  readonly turnEnded: (outcome: string) => void;
  /** Due files whose record a newer release wrote, as one sweep has found them. */
  readonly newerRecordsSeen: (files: number) => void;
  /** A file has begun to wait, for one of the reasons of `waiting_for`. */
  readonly waitBegan: (reason: string) => void;
  /** A file has ended: `completed`, `canceled`, or its error code. */
  readonly fileEnded: (outcome: string) => void;
  /** An attempt of a webhook: `delivered`, `again`, `gone`, `failed`, `deferred`. */
  readonly webhookAttempted: (outcome: string) => void;
  /** A call of the upstream by the name of its endpoint; a class of status, or the code of a fault. */
  readonly upstreamCalled: (endpoint: string, outcome: string, seconds: number) => void;
  readonly redisAnswered: (seconds: number) => void;
  readonly httpAnswered: (answer: HttpAnswer) => void;
}

export interface HttpAnswer {
  /** The route's pattern, never the URL. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

export function createTelemetry(): Telemetry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> =>
    new Counter({ name: `batch_video_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    buckets: number[],
  ): Histogram<Label> => new Histogram({ name: `batch_video_${name}`, help, labelNames, buckets, registers });

  const build = new Gauge({ name: 'batch_video_build_info', help: 'Always 1', labelNames: ['version'], registers });
  build.set({ version }, 1);
  const steps = counter('step_runs_total', 'Runs of steps, by how they ended', ['step', 'outcome']);
  const stepSeconds = histogram('step_seconds', 'How long runs of steps took', ['step'], [0.1, 1, 10, 60, 300, 900]);
  const turns = counter('turns_total', 'Turns sent, by how they came back', ['outcome']);
  const waits = counter('waits_total', 'Waits that files began, by reason', ['reason']);
  const files = counter('files_ended_total', 'Files that ended: completed, canceled or an error code', ['outcome']);
  const webhooks = counter('webhook_attempts_total', 'Attempts of webhooks, by what came of them', ['outcome']);
  const calls = counter('upstream_calls_total', 'Calls of NemoVideo', ['endpoint', 'outcome']);
  const callSeconds = histogram('upstream_seconds', 'How long calls of NemoVideo took', [], [0.1, 0.5, 2, 10, 60, 600]);
  const redis = histogram(
    'redis_seconds',
    'How long scripts in Redis were waited for',
    [],
    [0.001, 0.005, 0.02, 0.1, 1],
  );
  const requests = counter('http_requests_total', 'Answers of the API', ['route', 'method', 'status']);
  const httpSeconds = histogram(
    'http_seconds',
    'How long answers took: read, write, or bytes (uploads, outputs, events, results: as long as the other side takes)',
    ['kind'],
    [0.005, 0.025, 0.1, 0.5, 2.5, 10],
  );
  const newer = new Gauge({
    name: 'batch_video_newer_records',
    help: 'Due files whose record a newer release wrote: left to its workers',
    registers,
  });
  return {
    registry,
    newerRecordsSeen: (files) => newer.set(files),
    stepEnded: (step, outcome, took) => {
      steps.inc({ step, outcome });
      stepSeconds.observe({ step }, took);
    },
    turnEnded: (outcome) => turns.inc({ outcome }),
    waitBegan: (reason) => waits.inc({ reason }),
    fileEnded: (outcome) => files.inc({ outcome }),
    webhookAttempted: (outcome) => webhooks.inc({ outcome }),
    upstreamCalled: (endpoint, outcome, took) => {
      calls.inc({ endpoint, outcome });
      callSeconds.observe(took);
    },
    redisAnswered: (took) => redis.observe(took),
    httpAnswered: ({ route, method, status, seconds }) => {
      requests.inc({ route, method, status: `${Math.floor(status / 100)}xx` });
      httpSeconds.observe({ kind: kindOf(route, method) }, seconds);
    },
  };
}

/** Streams last as long as the other side wants: they say nothing of the service's own pace. */
function kindOf(route: string, method: string): 'read' | 'write' | 'bytes' {
  if (route === '/uploads' || /\/(content|events|results)\b/.test(route)) return 'bytes';
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}
