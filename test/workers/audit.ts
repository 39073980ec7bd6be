/**
 * Holds everything that Redis keeps beside the records against the records themselves: counters, status sets, in-flight
 * set, due list, waiting lists, lanes. Whatever calls were made, twice, half or at once, these must agree in the end.
 */
import assert from 'node:assert/strict';
import type { Context } from '../../src/shared/context.ts';
import { isFinal } from '../../src/shared/domain/batch.ts';
import { effectsOf, isFree } from '../../src/shared/domain/effects.ts';
import type { FileRecord } from '../../src/shared/domain/file.ts';
import { fileStatuses } from '../../src/shared/domain/file-state.ts';
import { fileId } from '../../src/shared/ids.ts';
import { readFiles } from '../../src/shared/read-file.ts';

interface Audited {
  readonly file: FileRecord;
  /** In its slot, or claimed for one and not admitted yet. */
  readonly slotted: boolean;
  readonly lane: string | null;
}

export async function audit(ctx: Context, batchIds: readonly string[]): Promise<void> {
  const { redis, keys } = ctx;
  const moving = new Set(await redis.zrange(keys.moving(), '0', '-1'));
  const free = await redis.lrange(keys.free(), 0, -1);
  const files: Audited[] = [];
  for (const batchId of batchIds) {
    const found = await readBatchFiles(ctx, batchId, moving);
    files.push(...found);
    await auditBatch(ctx, batchId, found);
  }
  const claimed = files.filter(({ file, slotted }) => slotted && !isIn(file)).map(({ file }) => file);
  const idsWhere = (holds: (file: FileRecord) => boolean): string[] =>
    [...files.map(({ file }) => file).filter(holds), ...claimed].map(({ id }) => id).toSorted();
  assert.deepEqual([...moving].toSorted(), idsWhere(isIn), 'due list');
  const inFlight = await redis.smembers(keys.inFlight(ctx.accountId));
  assert.deepEqual(
    inFlight.toSorted(),
    idsWhere((file) => effectsOf(file, file).inFlight),
    'in-flight set',
  );
  const awaiting = await redis.smembers(keys.awaitingUpload());
  const wanted = files.map(({ file }) => file).filter((file) => effectsOf(file, file).awaitsUpload);
  for (const { id } of wanted) assert.ok(awaiting.includes(id), `${id} awaits its upload`);
  for (const id of awaiting)
    assert.ok(
      [...wanted, ...claimed].some((file) => file.id === id),
      `${id} awaits nothing`,
    );
  assert.equal(new Set(free).size, free.length, 'nothing twice in the free list');
  for (const { file, slotted } of files) {
    const waits = isWaiting(file) && isFree(file.state) && !slotted;
    if (waits) assert.ok(free.includes(file.id), `${file.id} is in the free list`);
  }
}

const isIn = ({ state }: FileRecord): boolean => 'place' in state && state.place === 'in';
const isWaiting = ({ state }: FileRecord): boolean => 'place' in state && state.place === 'waiting';

async function readBatchFiles(ctx: Context, batchId: string, moving: ReadonlySet<string>): Promise<Audited[]> {
  const total = Number(await ctx.redis.hget(ctx.keys.batch(batchId), 'total'));
  const views = await readFiles(
    ctx,
    batchId,
    Array.from({ length: total }, (_, index) => index),
  );
  assert.equal(views.length, total);
  return Promise.all(
    views.map(async ({ file }) => ({
      file,
      slotted: moving.has(file.id),
      lane: await ctx.redis.hget(ctx.keys.file(fileId(batchId, file.index)), 'l'),
    })),
  );
}

async function auditBatch(ctx: Context, batchId: string, files: readonly Audited[]): Promise<void> {
  const { redis, keys } = ctx;
  const b = await redis.hgetall(keys.batch(batchId));
  for (const status of fileStatuses) {
    const here = files.flatMap(({ file }) => (file.state.status === status ? [String(file.index)] : []));
    assert.equal(Number(b[`n:${status}`]), here.length, `counter ${status}`);
    assert.deepEqual(await redis.zrange(keys.status(batchId, status), '0', '-1'), here, `status set ${status}`);
  }
  const held = files.flatMap(({ file }) =>
    'place' in file.state && file.state.place === 'held' ? [String(file.index)] : [],
  );
  const heldSet = await redis.smembers(keys.held(batchId));
  assert.deepEqual(heldSet.toSorted(), held.toSorted(), 'held set');
  const allEnded = files.every(({ file }) => isFinal(file.state.status));
  assert.equal(b['closed'] === '1', allEnded && Number(b['marks']) === 0, 'closed once all have ended');
  assert.equal((await redis.zscore(keys.openRounds(), batchId)) === null, b['closed'] === '1', 'open rounds');
  await auditWaiting(ctx, batchId, files, b);
  if (b['lanes'] !== undefined) await auditLanes(ctx, batchId, files, Number(b['lanes']));
}

async function auditWaiting(
  ctx: Context,
  batchId: string,
  files: readonly Audited[],
  b: Record<string, string>,
): Promise<void> {
  const waiting = await ctx.redis.lrange(ctx.keys.waiting(batchId), 0, -1);
  assert.equal(new Set(waiting).size, waiting.length, 'nothing twice in the waiting list');
  const isOver = b['canceled_round'] === b['round'] || Number(b['asked:expire'] ?? 0) > 0;
  const wanted = files.flatMap(({ file, slotted }) => {
    const waits = file.state.status === 'queued' || (isWaiting(file) && !isFree(file.state));
    return waits && !slotted ? [String(file.index)] : [];
  });
  if (!isOver) assert.deepEqual(waiting.toSorted(), wanted.toSorted(), 'waiting list');
  const hasRoom = b['lanes'] === undefined || (await ctx.redis.llen(ctx.keys.lanes(batchId))) > 0;
  if (isOver || b['paused'] === '1' || waiting.length === 0 || !hasRoom || b['max_credits'] !== undefined) return;
  const tenant = b['tenant'] ?? '';
  assert.notEqual(await ctx.redis.zscore(ctx.keys.tenantRing(tenant), batchId), null, `${batchId} can be claimed from`);
  assert.notEqual(await ctx.redis.zscore(ctx.keys.ring(), tenant), null, `${tenant} can be claimed from`);
}

async function auditLanes(ctx: Context, batchId: string, files: readonly Audited[], count: number): Promise<void> {
  const free = await ctx.redis.lrange(ctx.keys.lanes(batchId), 0, -1);
  const taken = files.flatMap(({ lane }) => (lane === null ? [] : [lane]));
  const all = Array.from({ length: count }, (_, lane) => String(lane));
  assert.deepEqual([...free, ...taken].toSorted(), all.toSorted(), 'each lane is free or one file has it');
}
