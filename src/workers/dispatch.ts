/**
 * Admission (design §5): while the account's window has room, the claim script picks the next files fairly, and each
 * is advanced to its first (or next) step. A claimed file is listed as due in the same script, so a crash in between
 * loses nothing.
 */
import { z } from 'zod';
import { admittedAfterPause } from '../shared/account/spread-after-pause.ts';
import { advance } from '../shared/advance.ts';
import type { Context } from '../shared/context.ts';
import { parseFileId } from '../shared/ids.ts';
import { unlessNewer } from '../shared/leave-to-newer.ts';
import { loadFile, type LoadedFile } from '../shared/load-file.ts';
import { enqueueDelivery } from '../shared/webhook/enqueue-delivery.ts';

const claimSize = 32;
const replySchema = z.tuple([z.number()]).rest(z.string());

/** Claims until nothing is to be had. Returns how many files were admitted. */
export async function dispatch(ctx: Context): Promise<number> {
  const admissions: Promise<number>[] = [];
  await claimAll(ctx, (admission) => admissions.push(admission));
  return (await Promise.all(admissions)).reduce((sum, files) => sum + files, 0);
}

/** What is claimed is admitted beside the next claim: a slot that comes free meanwhile does not wait for other files. */
async function claimAll(ctx: Context, claimedThese: (admission: Promise<number>) => void): Promise<void> {
  const weights = JSON.stringify(Object.fromEntries(ctx.config.apiWeights));
  for (;;) {
    const reply = await ctx.scripts.claim(
      ctx.accountId,
      claimSize,
      ctx.config.maxInFlight,
      ctx.config.uploadConcurrency,
      weights,
    );
    const [, ...ids] = replySchema.parse(reply);
    const claimed = ids.filter((id) => parseFileId(id) !== null);
    const admission = admitAll(ctx, claimed);
    // Whoever waits for it hears of a failure; until then it is not one that nobody caught.
    admission.catch(() => undefined);
    claimedThese(admission);
    for (const id of ids) {
      if (!claimed.includes(id)) await enqueueDelivery(ctx, { id, run: 0, delayMs: ctx.config.webhookRetryMs[0] ?? 0 });
    }
    // Fewer than asked for: there were no more, or no room for them, and whatever changes that wakes us.
    if (claimed.length < claimSize) return;
  }
}

async function admitAll(ctx: Context, claimed: readonly string[]): Promise<number> {
  if (claimed.length > 0) ctx.reach('claim: claimed, not admitted');
  const admissions = await Promise.all(claimed.map((fileId) => unlessNewer(admit(ctx, fileId))));
  const newer = admissions.filter((admission) => admission === 'newer').length;
  if (newer > 0) ctx.log.warn({ files: newer }, 'claimed, and left to the release that wrote them');
  return claimed.length;
}

/** A file that is no longer waiting (canceled meanwhile) is saved as it is, which takes it out of the in-flight set. */
export async function admit(ctx: Context, fileId: string, known?: LoadedFile): Promise<void> {
  const loaded = known ?? (await loadFile(ctx, fileId));
  if (typeof loaded === 'string') return;
  const { lane = null, session = null } = loaded.claimed ?? {};
  const notBefore = admittedAfterPause(ctx, loaded.account.until, loaded.now);
  const moved = await advance(ctx, fileId, { type: 'admitted', session, lane, notBefore }, { loaded });
  if (moved.kind === 'unchanged') await advance(ctx, fileId, null, { repair: true });
}

export interface Dispatcher {
  /** Something has changed: a slot is free, a batch has come. Calls while one runs are folded into one more. */
  readonly wake: () => void;
  readonly close: () => Promise<void>;
}

export function createDispatcher(ctx: Context): Dispatcher {
  const state = { again: false, closed: false, running: Promise.resolve(), isRunning: false };
  const admitting = new Set<Promise<unknown>>();
  const failed = (error: unknown): void => {
    ctx.log.warn({ err: error }, 'admission failed; the next wake tries again');
  };
  const follow = (admission: Promise<number>): void => {
    const over = admission.catch(failed).finally(() => admitting.delete(over));
    admitting.add(over);
  };
  const loop = async (): Promise<void> => {
    while (state.again && !state.closed) {
      state.again = false;
      try {
        await claimAll(ctx, follow);
      } catch (error) {
        failed(error);
      }
    }
    state.isRunning = false;
  };
  return {
    wake: () => {
      state.again = true;
      if (state.isRunning || state.closed) return;
      state.isRunning = true;
      state.running = loop();
    },
    close: async () => {
      state.closed = true;
      await state.running;
      await Promise.all(admitting);
    },
  };
}
