/**
 * npm run simulate -- --tenants 1000 --files 10000000: admission on a virtual clock, with the real `decide` and the model
 * of admission that the scripts are held against. Demand is skewed (the largest tenant has a tenth of all, the smallest a
 * few files), everything comes in the first tenth of the time. Tells how fair it was and how well the window was used.
 */
import { argv } from 'node:process';
import { parseArgs } from 'node:util';
import { decide } from '../../src/shared/domain/decide.ts';
import type { FileEvent } from '../../src/shared/domain/events.ts';
import type { FileRecord } from '../../src/shared/domain/file.ts';
import { aFile, policy } from '../../test/shared/domain/records.ts';
import { claim, list, newModel, saved, type ModelBatch } from '../../test/workers/admission-model.ts';
import { createRandom } from '../stub/random.ts';
import { createAgenda } from './agenda.ts';
import { jainsIndex, toDemands } from './fairness.ts';

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    tenants: { type: 'string', default: '1000' },
    files: { type: 'string', default: '200000' },
    window: { type: 'string', default: '2000' },
    awaiting: { type: 'string', default: '100' },
  },
});
const [tenants, files, window] = [Number(values.tenants), Number(values.files), Number(values.window)];
const random = createRandom(7);
const model = newModel({ window, maxAwaiting: Number(values.awaiting), weights: {} });
const agenda = createAgenda<() => void>();
let now = 0;

/** ms of the real upstream (upstream's own figures): by URL, turn, settling, render, poll. */
const between = (least: number, most: number): number => Math.round(least + random() * (most - least));

interface Tenant {
  readonly demand: number;
  begun: number;
  ended: number;
  readonly startedMs: number[];
}
const all = toDemands(tenants, files).map((demand): Tenant => ({ demand, begun: 0, ended: 0, startedMs: [] }));
const tenantOf = new Map<string, { readonly tenant: Tenant; readonly postedAt: number; seen: boolean }>();
let busyMs = 0;
let ended = 0;
let saves = 0;

const record = (id: string, batchId: string, index: number): FileRecord =>
  aFile({ status: 'queued' }, { id, batchId, index, instructions: ['trim'] });

function move(id: string, event: FileEvent): FileRecord {
  const before = model.files.get(id);
  if (before === undefined) throw new Error(`no file ${id}`);
  const after = decide(before.record, event, now, policy);
  if (after === before.record) throw new Error(`${event.type} changed nothing in ${before.record.state.status}`);
  saves += 1;
  saved(model, after, before.rev + 1);
  return after;
}

const read = (fingerprint: string) => ({
  fingerprint,
  steady: true,
  media: 1,
  generatedMedia: 0,
  renderable: true,
  timeline: null,
});

function begin(id: string): void {
  const startedAt = now;
  const session = { id: 's', taskId: null, account: 'a', paid: false };
  const run = (): number => model.files.get(id)?.record.run ?? 0;
  const later = (ms: number, act: () => void): void => agenda.add(now + ms, act);
  move(id, { type: 'admitted', session: null, lane: null });
  later(between(500, 3000), () => {
    move(id, { type: 'session-created', run: run(), session });
    move(id, { type: 'uploaded', run: run(), item: 0 });
    move(id, { type: 'turn-sent', run: run(), turnId: 't', read: read('before') });
    admit();
    later(between(10_000, 30_000), () => {
      move(id, { type: 'turn-ended', turnId: 't', seen: true, reply: 'done', tools: [], error: null });
      move(id, { type: 'state-read', run: run(), read: read('after') });
      later(policy.editSettleMs, () => {
        move(id, { type: 'state-read', run: run(), read: read('after') });
        move(id, { type: 'render-planned', run: run(), renderId: 'render_1' });
        move(id, { type: 'render-submitted', run: run() });
        const polls = Math.ceil(between(30_000, 90_000) / policy.renderPollMs);
        later(polls * policy.renderPollMs, () => end(id, startedAt, run()));
      });
    });
  });
}

function end(id: string, startedAt: number, run: number): void {
  const output = { url: 'https://cdn.example/o.mp4', renderId: 'render_1', durationMs: 1, bytes: 1 };
  const { batchId } = move(id, { type: 'rendered', run, output });
  model.files.delete(id);
  const owner = tenantOf.get(batchId);
  if (owner !== undefined) owner.tenant.ended += 1;
  ended += 1;
  busyMs += now - startedAt;
  admit();
}

function admit(): void {
  for (;;) {
    // What is claimed is recorded first: the model knows files by their records.
    const ids = claim(model, 32);
    if (ids.length === 0) return;
    for (const id of ids) {
      const batchId = `bat_${id.slice(4, id.lastIndexOf('_'))}`;
      model.files.set(id, {
        record: record(id, batchId, Number.parseInt(id.slice(id.lastIndexOf('_') + 1), 36)),
        rev: 0,
      });
      const owner = tenantOf.get(batchId);
      if (owner !== undefined) {
        owner.tenant.begun += 1;
        if (!owner.seen) owner.tenant.startedMs.push(now - owner.postedAt);
        owner.seen = true;
      }
      begin(id);
    }
  }
}

/** Batches of 50,000 at most, as the API takes them. */
function post(tenant: Tenant, name: string, number: number, size: number): void {
  const id = `bat_${name}x${number}`;
  const batch: ModelBatch = {
    id,
    tenant: name,
    total: size,
    lanes: null,
    waiting: Array.from({ length: size }, (_, index) => index),
    paused: false,
    over: false,
    popped: 0,
    maxCredits: null,
    paidSessions: 0,
    unpaid: new Set(),
  };
  model.batches.set(id, batch);
  tenantOf.set(id, { tenant, postedAt: now, seen: false });
  list(model, batch);
  admit();
}

const aFileMs = 90_000;
const expectedMs = (files * aFileMs) / window;
for (const [at, tenant] of all.entries()) {
  for (let left = tenant.demand, number = 0; left > 0; left -= 50_000, number += 1) {
    agenda.add(random() * expectedMs * 0.1, () => post(tenant, `t${at}`, number, Math.min(left, 50_000)));
  }
}
const beganAt = performance.now();
/** Fairness counts while everybody has more than it can get: from the last arrival on, among those with work left. */
let fair: { readonly index: number; readonly tenants: number } | null = null;
let snapshot: number[] | null = null;
let usedUntil = 0;
while (!agenda.isEmpty()) {
  const next = agenda.next();
  now = next.at;
  next.value();
  if (snapshot === null && now >= expectedMs * 0.1) {
    snapshot = all.map(({ begun }) => begun);
  }
  if (snapshot !== null && fair === null && now >= expectedMs * 0.3) {
    const from = snapshot;
    const hungry = all.flatMap((tenant, at) => (tenant.begun < tenant.demand ? [tenant.begun - (from[at] ?? 0)] : []));
    fair = { index: jainsIndex(hungry), tenants: hungry.length };
  }
  // As long as there was more to begin than slots.
  if (model.ring.size > 0) usedUntil = now;
}
if (ended !== files) throw new Error(`${ended} of ${files} ended`);
const starts = all.flatMap(({ startedMs }) => startedMs).toSorted((one, other) => one - other);
const at = (share: number): string =>
  `${((starts[Math.floor((starts.length - 1) * share)] ?? NaN) / 1000).toFixed(1)} s`;
const hours = (ms: number): string => `${(ms / 3_600_000).toFixed(1)} h`;
console.log(
  `${files.toLocaleString('en')} files of ${tenants} tenants, window ${window}: ${hours(now)} of virtual time`,
);
console.log(`${saves.toLocaleString('en')} decisions in ${((performance.now() - beganAt) / 1000).toFixed(0)} s`);
console.log(
  `Jain's index ${fair?.index.toFixed(4) ?? '–'} over ${fair?.tenants ?? 0} tenants with more work than they could begin`,
);
console.log(
  `utilisation ${((100 * busyMs) / (window * now)).toFixed(1)} % of the window over all, work to begin until ${hours(usedUntil)}`,
);
console.log(`first start after the POST: median ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)}`);
