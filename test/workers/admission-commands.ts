/** Commands for fast-check: each acts on the real scripts and on the model, then both must be in the same place. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { advance } from '../../src/shared/advance.ts';
import { markBatch, workOffMarks } from '../../src/shared/bulk.ts';
import type { Context } from '../../src/shared/context.ts';
import { parseFileId } from '../../src/shared/ids.ts';
import { readFiles } from '../../src/shared/read-file.ts';
import { toStoredProgress } from '../../src/shared/stored-file.ts';
import { admit } from '../../src/workers/dispatch.ts';
import { sweepDueFiles, sweepInFlight } from '../../src/workers/sweep.ts';
import { catalogue } from '../shared/domain/event-catalogue.ts';
import { claim, list, saved, unlist, type Model, type ModelBatch } from './admission-model.ts';
import { audit } from './audit.ts';
import { newBatch, wholeWay } from './batches.ts';

type Command = fc.AsyncCommand<Model, Context>;

/** Brings the model's files to what was saved, then holds every list against it. */
async function compare(model: Model, ctx: Context): Promise<void> {
  const { redis, keys } = ctx;
  // All of them first: batches of one tenant share a ring.
  await takeOver(model, ctx);
  for (const batch of model.batches.values()) {
    assert.deepEqual(await redis.lrange(keys.waiting(batch.id), 0, -1), batch.waiting.map(String), 'waiting list');
    if (batch.lanes !== null) {
      assert.deepEqual(await redis.lrange(keys.lanes(batch.id), 0, -1), batch.lanes.map(String), 'free lanes');
    }
    assert.equal(Number(await redis.hget(keys.batch(batch.id), 'popped')), batch.popped, 'popped');
    if (batch.maxCredits !== null) {
      const unpaid = (await redis.smembers(keys.unpaid(batch.id))).toSorted();
      assert.deepEqual(unpaid, [...batch.unpaid].map(String).toSorted(), 'unpaid sessions');
    }
    await sameRing(ctx, keys.tenantRing(batch.tenant), model.tenantRings.get(batch.tenant));
  }
  await sameRing(ctx, keys.ring(), model.ring);
  assert.deepEqual(await redis.lrange(keys.free(), 0, -1), model.free, 'free list');
  const sets = [
    [keys.inFlight(ctx.accountId), model.inFlight],
    [keys.awaitingUpload(), model.awaiting],
  ] as const;
  for (const [key, set] of sets) assert.deepEqual((await redis.smembers(key)).toSorted(), [...set].toSorted(), key);
  assert.deepEqual((await redis.zrange(keys.moving(), '0', '-1')).toSorted(), [...model.moving].toSorted(), 'due list');
}

async function takeOver(model: Model, ctx: Context): Promise<void> {
  for (const batch of model.batches.values()) {
    const indexes = Array.from({ length: batch.total }, (_, index) => index);
    for (const { file, rev } of await readFiles(ctx, batch.id, indexes)) {
      if (model.files.get(file.id)?.rev !== rev) saved(model, file, rev);
    }
  }
}

async function sameRing(ctx: Context, key: string, ring: ReadonlyMap<string, number> = new Map()): Promise<void> {
  const flat = await ctx.redis.zrange(key, '0', '-1', 'WITHSCORES');
  const found = new Map(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, Number(flat[at + 1])] as const] : [])));
  assert.deepEqual(Object.fromEntries(found), Object.fromEntries(ring), key);
}

/** `run` changes both; what was saved meanwhile is taken over into the model afterwards. */
const command = (name: string, act: (model: Model, ctx: Context) => Promise<void>): Command => ({
  check: () => true,
  run: async (model, ctx) => {
    await act(model, ctx);
    await compare(model, ctx);
  },
  toString: () => name,
});

const nth = <X>(all: readonly X[], at: number): X | undefined => all[at % Math.max(1, all.length)];
const batchAt = (model: Model, at: number): ModelBatch | undefined => nth([...model.batches.values()], at);
const fileAt = (model: Model, at: number): string | undefined => nth([...model.files.keys()], at);

/** In lanes, or within a bound of credits, or neither. */
const takeBatchIn = (tenant: string, files: number, lanes: number | null, maxCredits: number | null): Command =>
  command(`batch(${tenant}, ${files}, ${lanes}, ${maxCredits})`, async (model, ctx) => {
    const id = await newBatch(ctx, { tenant, files, maxCredits, ...(lanes === null ? {} : { lanes }) });
    const waiting = Array.from({ length: files }, (_, index) => index);
    const free = lanes === null ? null : Array.from({ length: lanes }, (_, lane) => lane);
    const state = { paused: false, over: false, popped: 0, paidSessions: 0, unpaid: new Set<number>() };
    const batch = { id, tenant, total: files, lanes: free, waiting, maxCredits, ...state };
    model.batches.set(id, batch);
    for (const { file, rev } of await readFiles(ctx, id, waiting)) model.files.set(file.id, { record: file, rev });
    list(model, batch);
  });

/** Whoever claims may die before it admits: nothing follows by itself. */
const claimSome = (most: number): Command =>
  command(`claim(${most})`, async (model, ctx) => {
    const { maxInFlight } = ctx.config;
    const weights = JSON.stringify(model.weights);
    const reply = await ctx.scripts.claim(ctx.accountId, most, maxInFlight, model.maxAwaiting, weights);
    assert.deepEqual((reply as unknown[]).slice(1), claim(model, most), 'claimed, in this order');
  });

/** Of a file that was claimed, or, late or twice, of any other that is not listed for a claim. */
const admitOne = (at: number, twice: boolean): Command =>
  command(`admit(${at}${twice ? ', twice' : ''})`, async (model, ctx) => {
    const id = nth([...model.moving], at);
    if (id === undefined) return;
    await Promise.all([admit(ctx, id), ...(twice ? [admit(ctx, id)] : [])]);
  });

/** Nothing runs for a file that is listed or claimed; batch actions alone reach it, which empty the list. */
function isListed(model: Model, id: string): boolean {
  const state = model.files.get(id)?.record.state;
  return state === undefined || state.status === 'queued' || ('place' in state && state.place === 'waiting');
}

/** Whatever its present state makes of it. */
const happen = (at: number, name: string, nonce: number, flag: boolean): Command =>
  command(`${name}(${at})`, async (model, ctx) => {
    const id = fileAt(model, at);
    const make = catalogue[name];
    const record = model.files.get(id ?? '')?.record;
    if (id === undefined || make === undefined || record === undefined || isListed(model, id)) return;
    if (name.startsWith('admitted')) return;
    await advance(ctx, id, make(record, { stale: 0, nonce, fingerprint: `f${nonce}`, flag, until: null }));
  });

const goOn = (at: number, steps: number): Command =>
  command(`on(${at}, ${steps})`, async (model, ctx) => {
    const id = nth([...model.moving], at);
    if (id === undefined || isListed(model, id)) return;
    for (let step = 0; step < steps; step += 1) {
      for (const event of wholeWay.slice(1)) {
        const record = model.files.get(id)?.record;
        if (record === undefined) return;
        const moved = await advance(ctx, id, { run: record.run, ...event } as Parameters<typeof advance>[2]);
        if (moved.kind !== 'saved') continue;
        saved(model, moved.loaded.file, moved.loaded.rev);
        break;
      }
    }
  });

/** A save whose record somebody else has saved meanwhile. */
const saveLate = (at: number): Command =>
  command(`late(${at})`, async (model, ctx) => {
    const id = fileAt(model, at);
    const file = model.files.get(id ?? '');
    const place = parseFileId(id ?? '');
    if (id === undefined || file === undefined || place === null) return;
    const effects = JSON.stringify({
      from: 'queued',
      to: 'failed',
      account: ctx.accountId,
      paid_delta: 0,
      ended: true,
    });
    const p = toStoredProgress(file.record);
    const reply = await ctx.scripts.advance(
      id,
      place.batchId,
      place.index,
      file.rev - 1,
      file.record.run,
      p,
      effects,
      '',
    );
    assert.deepEqual(reply, ['stale']);
  });

const pause = (at: number): Command =>
  command(`pause(${at})`, async (model, ctx) => {
    const batch = batchAt(model, at);
    if (batch === undefined) return;
    if ((await markBatch(ctx, batch.id, 'pause')).kind !== 'ok') return;
    if (!batch.paused) unlist(model, batch);
    batch.paused = true;
  });

/** `abandoned`: whoever set the mark dies at once, and a later one works it off. */
const act = (at: number, action: 'resume' | 'retry' | 'cancel', abandoned: boolean): Command =>
  command(`${action}(${at}${abandoned ? ', abandoned' : ''})`, async (model, ctx) => {
    const batch = batchAt(model, at);
    if (batch === undefined) return;
    const marked = await markBatch(ctx, batch.id, action);
    if (marked.kind === 'ok' && action === 'resume') {
      batch.paused = false;
      list(model, batch);
    }
    if (marked.kind === 'ok' && action === 'cancel' && marked.hasWork) {
      batch.paused = false;
      batch.over = true;
      batch.waiting = [];
      unlist(model, batch);
    }
    if (!abandoned) await workOff(model, ctx, batch);
  });

/** Files rejoin in an order that nobody promises: those of one action are taken in the order that they have. */
async function workOff(model: Model, ctx: Context, batch: ModelBatch): Promise<void> {
  await Promise.all([workOffMarks(ctx, batch.id), workOffMarks(ctx, batch.id)]);
  await adopt(model, ctx);
}

async function adopt(model: Model, ctx: Context): Promise<void> {
  await takeOver(model, ctx);
  for (const batch of model.batches.values()) {
    const found = (await ctx.redis.lrange(ctx.keys.waiting(batch.id), 0, -1)).map(Number);
    assert.deepEqual(found.map(String).toSorted(), batch.waiting.map(String).toSorted(), 'waiting list, in any order');
    batch.waiting = found;
    if (batch.lanes === null) continue;
    const lanes = (await ctx.redis.lrange(ctx.keys.lanes(batch.id), 0, -1)).map(Number);
    assert.deepEqual(lanes.map(String).toSorted(), batch.lanes.map(String).toSorted(), 'free lanes, in any order');
    batch.lanes = lanes;
  }
  const free = await ctx.redis.lrange(ctx.keys.free(), 0, -1);
  assert.deepEqual(free.toSorted(), model.free.toSorted(), 'free list, in any order');
  model.free = free;
}

/** Two sweepers: what was claimed and abandoned is admitted, marks are worked off. */
export const sweep = (): Command =>
  command('sweep', async (model, ctx) => {
    await Promise.all([sweepDueFiles(ctx), sweepInFlight(ctx), sweepDueFiles(ctx), sweepInFlight(ctx)]);
    await adopt(model, ctx);
    for (const batch of model.batches.values()) await workOff(model, ctx, batch);
    await compare(model, ctx);
    await audit(ctx, [...model.batches.keys()]);
  });

const narrow = (window: number): Command =>
  command(`window(${window})`, async (model, ctx) => {
    await ctx.redis.hset(ctx.keys.account(ctx.accountId), 'window', window);
    model.window = window;
  });

const at = fc.nat({ max: 20 });
/** Events that end, hold or park: the rest of the way goes by `goOn`. */
const turns = ['held', 'released', 'parked', 'unparked', 'retried', 'expired', 'told more', 'step-refused', 'canceled'];

export const commands = (most: number) =>
  fc.commands(
    [
      fc
        .tuple(
          fc.constantFrom('ann', 'bob', 'eve'),
          fc.integer({ min: 1, max: 4 }),
          fc.constantFrom(null, null, 1, 2),
          fc.constantFrom(null, 50, 100),
        )
        .map(([tenant, files, lanes, credits]) => takeBatchIn(tenant, files, lanes, lanes === null ? credits : null)),
      fc.integer({ min: 1, max: 6 }).map(claimSome),
      fc.tuple(at, fc.boolean()).map((parts) => admitOne(...parts)),
      fc.tuple(at, fc.integer({ min: 1, max: 6 })).map((parts) => goOn(...parts)),
      fc.tuple(at, fc.integer({ min: 4, max: 12 })).map((parts) => goOn(...parts)),
      fc.tuple(at, fc.constantFrom(...turns), fc.nat({ max: 99 }), fc.boolean()).map((parts) => happen(...parts)),
      fc
        .tuple(at, fc.constantFrom(...Object.keys(catalogue)), fc.nat({ max: 99 }), fc.boolean())
        .map((parts) => happen(...parts)),
      at.map(saveLate),
      at.map(pause),
      fc
        .tuple(
          at,
          fc.constantFrom('resume' as const, 'resume' as const, 'retry' as const, 'cancel' as const),
          fc.boolean(),
        )
        .map((parts) => act(...parts)),
      fc.constant(sweep()),
      fc.integer({ min: 1, max: 8 }).map(narrow),
    ],
    { maxCommands: most, size: 'max' },
  );
