/** Cancel of a batch with 200 files in flight over two workers: 2 s later no call of it, and what was taken is counted. */
import { setTimeout as delay } from 'node:timers/promises';
import { openArena, until, type Arena } from './arena.ts';
import { batchBody, hasEnded, readBatch, readFiles, send, type BatchView } from './caller.ts';
import type { Scenario } from './scenario.ts';

const inFlight = 200;
const quietAfterMs = 2000;
/** Longer than the longest wait of a run between two calls (EDIT_RECHECK_MS, CREDITS_RECHECK_MS, RENDER_POLL_MS here). */
const watchedMs = 3000;
const sessionCredits = 50;

export const cancelMany: Scenario = {
  name: 'cancel-200',
  run: async () => {
    const arena = await openArena({
      environment: {
        MAX_IN_FLIGHT: String(inFlight),
        UPLOAD_CONCURRENCY: '50',
        EDIT_TIMEOUT_MS: '60000',
        EDIT_IDLE_MS: '60000',
      },
      // A turn takes 5 to 15 s, so that all are under way when the cancel comes.
      sandbox: { timeScale: 2 },
    });
    try {
      const faults = await cancelIt(arena);
      for (const fault of faults) console.log(`  ${fault}`);
      return faults.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
    } finally {
      await arena.close();
    }
  },
};

async function cancelIt(arena: Arena): Promise<string[]> {
  await Promise.all([arena.startListening('worker'), arena.startListening('worker')]);
  const files = Array.from({ length: inFlight }, (_, at) => ({ source: { url: arena.clipUrl(`${at}.mp4`) } }));
  const posted = await send(`${arena.api}/batches`, batchBody(arena, 0, 'cancel', { files }));
  const { id } = (await posted.json()) as BatchView;
  const inSet = () => arena.ctx.redis.scard(arena.ctx.keys.inFlight(arena.ctx.accountId));
  const turns = () => arena.sandbox.ledger().totals.turns;
  await until(
    'all are in flight, and half of them in a turn',
    async () => (await inSet()) === inFlight && turns() >= inFlight / 2,
    150_000,
  );
  const before = await readBatch(arena, id);
  const canceledAt = Date.now();
  const answer = await send(`${arena.api}/batches/${id}/cancel`, {});
  const ended = await until('it has ended', async () => {
    const batch = await readBatch(arena, id);
    return hasEnded(batch) ? batch : null;
  });
  const endedMs = Date.now() - canceledAt;
  await delay(Math.max(0, canceledAt + quietAfterMs + watchedMs - Date.now()));
  return judge(arena, { answer: answer.status, before, ended, canceledAt, endedMs });
}

async function judge(
  arena: Arena,
  seen: { answer: number; before: BatchView; ended: BatchView; canceledAt: number; endedMs: number },
): Promise<string[]> {
  const { id } = seen.ended;
  const ledger = arena.sandbox.ledger();
  const late = ledger.calls.filter(({ at }) => at > seen.canceledAt + quietAfterMs);
  const last = Math.max(...ledger.calls.map(({ at }) => at)) - seen.canceledAt;
  const taken = ledger.sessions.filter(({ turns }) => turns.length > 0).length;
  const { credits, status, counts } = await readBatch(arena, id);
  const files = await readFiles(arena, id);
  const others = files.filter((file) => file.status !== 'canceled').map((file) => file.status);
  const flying = JSON.stringify(seen.before.counts);
  console.log(
    `cancel of ${flying}: ended after ${seen.endedMs} ms, last call of it ${last} ms after the cancel, ${late.length} later than ${quietAfterMs} ms; ` +
      `${taken} sessions took a turn, credits.spent ${credits.spent} (${credits.spent_is})`,
  );
  const faults: string[] = [];
  if (seen.answer !== 202 || status !== 'canceled') faults.push(`answered ${seen.answer}, the batch is ${status}`);
  if (late.length > 0)
    faults.push(`calls after ${quietAfterMs} ms: ${late.map(({ endpoint }) => endpoint).join(', ')}`);
  if (others.length > 0 || counts['canceled'] !== inFlight) faults.push(`files ended ${others.join(', ')}`);
  if (credits.spent !== taken * sessionCredits)
    faults.push(`spent ${credits.spent}, the ledger says ${taken} sessions`);
  if (credits.spent_is !== 'estimated') faults.push('the bill of a canceled batch says that it was measured');
  return faults;
}
