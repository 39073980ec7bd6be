/**
 * A pure model of admission (design §5): who is claimed next, and where a file is listed after each save. It knows
 * nothing of Redis; the scripts must do as it does, whatever calls are made, in whatever order, once or twice.
 */
import { effectsOf } from '../../src/shared/domain/effects.ts';
import { sessionCredits } from '../../src/shared/domain/policy.ts';
import type { FileRecord } from '../../src/shared/domain/file.ts';
import { fileId } from '../../src/shared/ids.ts';

export interface ModelBatch {
  readonly id: string;
  readonly tenant: string;
  readonly total: number;
  /** Free lanes, the next one first; null: each file has a session of its own. */
  lanes: number[] | null;
  waiting: number[];
  paused: boolean;
  over: boolean;
  popped: number;
  readonly maxCredits: number | null;
  paidSessions: number;
  readonly unpaid: Set<number>;
}

export interface Model {
  window: number;
  readonly maxAwaiting: number;
  readonly weights: Readonly<Record<string, number>>;
  readonly batches: Map<string, ModelBatch>;
  /** As last seen, by id. */
  readonly files: Map<string, { readonly record: FileRecord; readonly rev: number }>;
  /** The lane that a claim gave a file, until it goes back. */
  readonly laneOf: Map<string, number>;
  readonly inFlight: Set<string>;
  readonly awaiting: Set<string>;
  readonly moving: Set<string>;
  free: string[];
  readonly ring: Map<string, number>;
  readonly tenantRings: Map<string, Map<string, number>>;
}

export const newModel = (settings: Pick<Model, 'window' | 'maxAwaiting' | 'weights'>): Model => ({
  ...settings,
  batches: new Map(),
  files: new Map(),
  laneOf: new Map(),
  inFlight: new Set(),
  awaiting: new Set(),
  moving: new Set(),
  free: [],
  ring: new Map(),
  tenantRings: new Map(),
});

/** Lowest time first; of equal ones the lower name, as sorted sets have it. */
function firstOf(ring: ReadonlyMap<string, number>): [string, number] | undefined {
  let first: [string, number] | undefined;
  for (const [name, time] of ring) {
    if (first === undefined || time < first[1] || (time === first[1] && name < first[0])) first = [name, time];
  }
  return first;
}

function join(ring: Map<string, number>, member: string): void {
  if (!ring.has(member)) ring.set(member, firstOf(ring)?.[1] ?? 0);
}

const tenantRing = (model: Model, tenant: string): Map<string, number> => {
  const ring = model.tenantRings.get(tenant) ?? new Map<string, number>();
  model.tenantRings.set(tenant, ring);
  return ring;
};

export function list(model: Model, batch: ModelBatch): void {
  if (batch.paused || batch.over) return;
  join(tenantRing(model, batch.tenant), batch.id);
  join(model.ring, batch.tenant);
}

export const unlist = (model: Model, batch: ModelBatch): void => {
  tenantRing(model, batch.tenant).delete(batch.id);
};

function take(model: Model, id: string): string {
  model.inFlight.add(id);
  model.moving.add(id);
  return id;
}

function nextOf(model: Model, batch: ModelBatch): number | null {
  const [index] = batch.waiting;
  if (index === undefined) return null;
  const id = fileId(batch.id, index);
  if (batch.maxCredits !== null && model.files.get(id)?.record.session?.paid !== true) {
    const needed = sessionCredits * (batch.paidSessions + batch.unpaid.size + 1);
    if (needed > batch.maxCredits) return null;
    batch.unpaid.add(index);
  }
  if (batch.lanes !== null && !model.laneOf.has(id)) {
    const lane = batch.lanes.shift();
    if (lane === undefined) return null;
    model.laneOf.set(id, lane);
  }
  batch.waiting.shift();
  return index;
}

/** Which files a claim takes, in order. */
export function claim(model: Model, most: number): string[] {
  const out: string[] = [];
  const room = (): number => Math.min(most - out.length, Math.max(1, Math.floor(model.window)) - model.inFlight.size);
  while (room() > 0) {
    const id = model.free.shift();
    if (id === undefined) break;
    out.push(take(model, id));
  }
  while (room() > 0 && model.awaiting.size < model.maxAwaiting) {
    const tenant = firstOf(model.ring)?.[0];
    if (tenant === undefined) break;
    const ring = tenantRing(model, tenant);
    const batch = model.batches.get(firstOf(ring)?.[0] ?? '');
    if (batch === undefined) {
      model.ring.delete(tenant);
      continue;
    }
    const index = nextOf(model, batch);
    if (index === null) {
      ring.delete(batch.id);
      continue;
    }
    model.ring.set(tenant, (model.ring.get(tenant) ?? 0) + 1 / (model.weights[tenant] ?? 1));
    ring.set(batch.id, (ring.get(batch.id) ?? 0) + 1);
    batch.popped += 1;
    const id = fileId(batch.id, index);
    model.awaiting.add(id);
    out.push(take(model, id));
  }
  return out;
}

/** Says whether it was taken out. */
function put<X>(set: Set<X>, member: X, isIn: boolean): boolean {
  if (!isIn) return set.delete(member);
  set.add(member);
  return false;
}

/** What a save moves along. */
export function saved(model: Model, after: FileRecord, rev: number): void {
  const batch = model.batches.get(after.batchId);
  const before = model.files.get(after.id)?.record;
  if (batch === undefined || before === undefined) throw new Error(`unknown file ${after.id}`);
  const effects = effectsOf(before, after);
  const left = put(model.inFlight, after.id, effects.inFlight);
  const uploaded = put(model.awaiting, after.id, effects.awaitsUpload);
  put(model.moving, after.id, effects.due !== null);
  if (effects.joins === 'free') model.free.unshift(after.id);
  if (effects.joins === 'batch') batch.waiting.unshift(after.index);
  if (effects.joins === 'batch-last') batch.waiting.push(after.index);
  if (effects.joins !== null && effects.joins !== 'free') list(model, batch);
  if (effects.lane?.release === true || (effects.ended && effects.lane === null)) giveLaneBack(model, batch, after.id);
  model.files.set(after.id, { record: after, rev });
  batch.paidSessions += effects.paidDelta;
  if (batch.maxCredits === null) return;
  const settled = put(batch.unpaid, after.index, effects.unpaid);
  // Whatever may have made room lists it again.
  if (left || uploaded || settled || effects.joins !== null) list(model, batch);
}

function giveLaneBack(model: Model, batch: ModelBatch, id: string): void {
  const lane = model.laneOf.get(id);
  if (lane === undefined) return;
  model.laneOf.delete(id);
  batch.lanes?.push(lane);
  list(model, batch);
}
