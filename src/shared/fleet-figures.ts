/**
 * The figures that all processes share, told by each of them: take the maximum over processes, never the sum. They are
 * read from Redis when a scrape asks; while Redis is away they are left out rather than shown as zero.
 */
import { Counter, Gauge, type Registry } from '@prometheus-io/client';
import type { Context } from './context.ts';
import { readFleet, type Fleet } from './fleet.ts';

type FleetContext = Pick<Context, 'scripts' | 'accountId' | 'config' | 'log'>;

/** One scrape asks for all of them at once. */
const sharedForMs = 1000;

const gauges: readonly (readonly [string, string, (fleet: Fleet) => number | null])[] = [
  ['backlog_seconds', 'Waiting work and work in flight at the present pace; for autoscalers', (f) => f.backlogSeconds],
  ['files_per_second', 'The pace: files that ended in the last busy minutes', (f) => f.filesPerSecond],
  ['waiting_files', 'Files that could be admitted if there were room', (f) => f.waiting],
  ['in_flight', 'Files in flight', (f) => f.inFlight],
  ['window', 'How many files may be in flight now', (f) => f.window],
  ['awaiting_upload', 'Admitted files that wait for their first upload', (f) => f.awaitingUpload],
  ['moving', 'Files with a run to come', (f) => f.moving],
  ['steps_late_seconds', 'How long the oldest run that is due was not taken', (f) => f.stepsLateSeconds],
  ['deliveries_due', 'Webhook deliveries that are not delivered yet', (f) => f.deliveriesDue],
  ['deliveries_late_seconds', 'How long the oldest delivery is overdue', (f) => f.deliveriesLateSeconds],
  ['batches', 'Batches that are kept', (f) => f.batches],
  ['workers', 'Worker processes that were alive half a minute ago', (f) => f.workers],
  ['account_paused_seconds', 'How much longer the account is paused after a 429', (f) => f.pausedSeconds],
  ['account_down_seconds', 'How long the upstream has been down', (f) => f.downSeconds],
  ['credits_available', 'Credits of the account, as last read', (f) => f.credits],
];

export function addFleetFigures(registry: Registry, ctx: FleetContext): void {
  const read = shared(ctx);
  const registers = [registry];
  for (const [name, help, of] of gauges) {
    const gauge = new Gauge({
      name: `batch_video_${name}`,
      help,
      registers,
      collect: async () => {
        const fleet = await read();
        const value = fleet === null ? null : of(fleet);
        if (value === null) gauge.remove();
        else gauge.set(value);
      },
    });
  }
  addBlocked(registers, read);
  const limited = new Counter({
    name: 'batch_video_rate_limited_total',
    help: '429s of the account',
    registers,
    collect: async () => {
      limited.reset();
      limited.inc((await read())?.limited ?? 0);
    },
  });
}

/** One series a reason, so that an alarm can name it. */
function addBlocked(registers: Registry[], read: () => Promise<Fleet | null>): void {
  const blocked = new Gauge({
    name: 'batch_video_account_blocked',
    help: '1 while the account is out of credits or its token is dead',
    labelNames: ['reason'],
    registers,
    collect: async () => {
      blocked.reset();
      const fleet = await read();
      for (const reason of fleet === null ? [] : ['out_of_credits', 'token_invalid']) {
        blocked.set({ reason }, fleet?.blocked === reason ? 1 : 0);
      }
    },
  });
}

function shared(ctx: FleetContext): () => Promise<Fleet | null> {
  let last: { readonly at: number; readonly fleet: Promise<Fleet | null> } | null = null;
  return () => {
    if (last === null || performance.now() - last.at > sharedForMs) {
      const fleet = readFleet(ctx).catch((error: unknown) => {
        ctx.log.debug({ err: error }, 'figures of the fleet not read');
        return null;
      });
      last = { at: performance.now(), fleet };
    }
    return last.fleet;
  };
}
