/** What must hold after every death: the files have ended, nothing was paid twice, nothing is lost, the books agree. */
import { countStatuses } from '../../src/shared/domain/batch.ts';
import { until, type Judged } from './arena.ts';
import { hasEnded, instructions, readBatch, readFiles, type BatchView, type FileView } from './caller.ts';

export interface Verdict {
  readonly ended: number;
  readonly lost: number;
  readonly double: number;
  readonly faults: readonly string[];
}

export interface Expected {
  readonly status: 'completed' | 'failed' | 'canceled';
  readonly round: number;
  /** Codes that files may end with, besides `edit_unconfirmed`. */
  readonly failures: readonly string[];
  /** What a completed file's session has applied, in order. */
  readonly applied: (index: number) => readonly string[];
  /** Events that the receiver has heard of, the last one under one id. */
  readonly told: readonly string[];
  /** Render ids in one session. */
  readonly mostRenders: number;
}

const expectedAsARule: Expected = {
  status: 'completed',
  round: 1,
  failures: [],
  applied: () => instructions,
  told: ['batch.completed'],
  mostRenders: 1,
};

const endDeadlineMs = 120_000;
/** What a session costs, in the sandbox as upstream. */
const sessionCredits = 50;

/** `mayBeUnconfirmed`: files that may honestly say so, at most. */
export async function judge(
  place: Judged,
  batchId: string,
  count: number,
  mayBeUnconfirmed: number,
  differs: Partial<Expected> = {},
): Promise<Verdict> {
  const expected = { ...expectedAsARule, ...differs };
  const faults: string[] = [];
  const seen = await until(
    `${batchId} ends`,
    async () => {
      const batch = await readBatch(place, batchId);
      return hasEnded(batch) && batch.round >= expected.round ? batch : null;
    },
    endDeadlineMs,
    150,
  );
  const files = await readFiles(place, batchId);
  const unconfirmed = files.filter(isUnconfirmed).length;
  if (unconfirmed > mayBeUnconfirmed) faults.push(`${unconfirmed} files are unconfirmed`);
  // Where each of them is unconfirmed, none completed.
  if (seen.status !== expected.status && unconfirmed === 0) faults.push(`the batch ended ${seen.status}`);
  const bad = files.filter((file) => !endedRight(file, expected));
  for (const { status, error } of bad) faults.push(`a file ended ${error?.code ?? status}`);
  countersAgree(seen, files, count, faults);
  await told(place, batchId, { expected, isSure: unconfirmed === 0 }, faults);
  await nothingLeft(place, batchId, faults);
  // The ledger last: whoever acts late must have acted by now.
  const doubles = paidTwice(place, files, expected, faults);
  return { ended: files.length - bad.length, lost: count - files.length, double: doubles, faults };
}

const isUnconfirmed = ({ error }: FileView): boolean => error?.code === 'edit_unconfirmed';

/** Fewer turns were taken than were fenced: nobody could know, and it was not sent again. */
function isHonest(place: Judged, { session, steps }: FileView): boolean {
  const taken = place.sandbox.ledger().sessions.find(({ id }) => id === session?.id)?.turns.length ?? 0;
  return taken < steps.filter(({ step, session_id }) => step === 'edit' && session_id === session?.id).length;
}

function endedRight({ status, error }: FileView, { status: batch, failures }: Expected): boolean {
  if (status === 'completed') return true;
  if (status === 'canceled') return batch === 'canceled';
  return error !== null && [...failures, 'edit_unconfirmed'].includes(error.code);
}

function countersAgree(batch: BatchView, files: readonly FileView[], count: number, faults: string[]): void {
  const { total, ...counted } = countStatuses(files.map(({ status }) => status));
  for (const [status, number] of Object.entries(counted)) {
    if (batch.counts[status] !== number) faults.push(`counter ${status} says ${batch.counts[status]}, files ${number}`);
  }
  if (total !== count) faults.push(`${total} of ${count} files`);
}

function paidTwice(place: Judged, files: readonly FileView[], expected: Expected, faults: string[]): number {
  const { sessions, renders } = place.sandbox.ledger();
  let doubles = 0;
  const own = new Set(files.flatMap(({ session, steps }) => [session?.id, ...steps.map((step) => step.session_id)]));
  for (const session of sessions.filter(({ id }) => own.has(id))) {
    const texts = session.turns.map(({ text }) => text);
    if (new Set(texts).size !== texts.length || session.charged > sessionCredits) doubles += 1;
    const ids = renders.filter(({ sessionId }) => sessionId === session.id).map(({ id }) => id);
    if (new Set(ids).size > expected.mostRenders) doubles += 1;
  }
  for (const { status, session, index } of files) {
    if (status !== 'completed') continue;
    const turns = sessions.find(({ id }) => id === session?.id)?.turns ?? [];
    const applied = turns.filter(({ appliedAt }) => appliedAt !== null).map(({ text }) => text);
    if (applied.join('|') !== expected.applied(index).join('|')) faults.push(`session has ${applied.join('|')}`);
  }
  if (doubles > 0) faults.push(`${doubles} sessions were paid or rendered twice`);
  return doubles;
}

export interface Books {
  readonly batchIds: readonly string[];
  /** Turns that were fenced and perhaps never sent: their sessions count as spent all the same. */
  readonly unsure: number;
  /** Anonymous tokens that may have been asked for. */
  readonly mostTokens: number;
}

/** The whole ledger of a sandbox against all batches that were posted: nobody else was charged for anything. */
export async function judgeBooks(place: Judged, { batchIds, unsure, mostTokens }: Books): Promise<string[]> {
  const faults: string[] = [];
  const ledger = place.sandbox.ledger();
  const batches = await Promise.all(batchIds.map((id) => readBatch(place, id)));
  const files = (await Promise.all(batchIds.map((id) => readFiles(place, id)))).flat();
  const named = new Set(files.flatMap(({ steps }) => steps.map((step) => step.session_id)));
  const orphans = ledger.sessions.filter(({ id, charged }) => charged > 0 && !named.has(id)).length;
  for (const file of files.filter(isUnconfirmed)) {
    if (!isHonest(place, file)) faults.push('a turn that was taken is called unconfirmed');
  }
  if (orphans > 0) faults.push(`${orphans} sessions were charged that no file names`);
  const spent = batches.reduce((sum, { credits }) => sum + credits.spent, 0);
  const slack = unsure * sessionCredits;
  if (spent < ledger.charged || spent > ledger.charged + slack) {
    faults.push(`credits.spent says ${spent}, the ledger ${ledger.charged}`);
  }
  if (ledger.repeated_turns.length > 0) faults.push(`${ledger.repeated_turns.length} turns were sent twice`);
  if (ledger.totals.draft_mismatches > 0) faults.push('a render was sent a draft that nobody had read');
  if (ledger.totals.tokens > mostTokens) faults.push(`${ledger.totals.tokens} tokens were asked for`);
  return faults;
}

/** At least once, under one id, with the same bytes. */
async function told(
  place: Judged,
  batchId: string,
  { expected, isSure }: { expected: Expected; isSure: boolean },
  faults: string[],
): Promise<void> {
  const heard = () => place.received.filter(({ body, status }) => body?.data.batch_id === batchId && status === 200);
  const wanted = isSure ? expected.told : [];
  const isComplete = (): boolean => {
    const types = heard().map(({ body }) => body?.type);
    const ends = heard().filter(({ body }) => body?.type !== 'batch.blocked');
    return wanted.every((type) => types.includes(type)) && new Set(ends.map(({ id }) => id)).size >= expected.round;
  };
  try {
    await until('the webhooks', async () => isComplete(), 15_000);
  } catch {
    faults.push(
      `told of ${
        heard()
          .map(({ id }) => id?.slice(36))
          .join(', ') || 'nothing'
      }`,
    );
  }
  const ends = heard().filter(({ body }) => body?.type !== 'batch.blocked');
  const ids = new Set(ends.map(({ id }) => id));
  if (ids.size > expected.round) faults.push(`${ids.size} webhook ids for ${expected.round} ends`);
  if (new Set(ends.map(({ id, sha256 }) => `${id} ${sha256}`)).size > ids.size) faults.push('one webhook, two bodies');
}

/** No slot, no due run and no waiting file is left behind. */
async function nothingLeft(place: Judged, batchId: string, faults: string[]): Promise<void> {
  const { redis, keys, accountId } = place.ctx;
  const part = batchId.slice('bat_'.length);
  const mine = (ids: readonly string[]): number => ids.filter((id) => id.includes(part)).length;
  try {
    await until(
      'everything is given back',
      async () => {
        const left = await Promise.all([
          redis.smembers(keys.inFlight(accountId)),
          redis.zrange(keys.moving(), 0, '-1'),
          redis.smembers(keys.awaitingUpload()),
          redis.smembers(keys.marks()),
          redis.zrange(keys.loading(), 0, '-1'),
        ]);
        return left.every((ids) => mine(ids) === 0) && (await redis.llen(keys.waiting(batchId))) === 0;
      },
      5000,
    );
  } catch {
    faults.push('a slot, a due run, a mark or a waiting file is left');
  }
}
