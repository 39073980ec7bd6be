/**
 * Fair (design §2.5): a tenant with 3 files beside one with 10,000 and one with 100, and two tenants of which one weighs
 * three times the other. Read off the files themselves, through the public API.
 */
import { openArena, until, type Arena } from './arena.ts';
import { batchBody, send, type BatchView, type FileView } from './caller.ts';
import type { Scenario, Tally } from './scenario.ts';

const maxInFlight = 20;
/** No file of these waits for an outcome that is of no matter here: one instruction, no destination. */
const plain = { instructions: ['mute'], webhook: null };
const keyOf = (tenant: string): string => `${tenant}-key`;
const keysOf = (tenants: readonly string[]): string => tenants.map((name) => `${name}:${keyOf(name)}`).join(',');
const auth = (tenant: string) => ({ authorization: `Bearer ${keyOf(tenant)}` });

export const fairness: Scenario = {
  name: 'fairness',
  run: async () => {
    const rows = [await smallOneComesLast(), await weights()];
    for (const { text, holds } of rows) console.log(`${text}  ${holds ? 'ok' : 'NOT FAIR'}`);
    const failed = rows.filter(({ holds }) => !holds).length;
    return { passed: rows.length - failed, failed } satisfies Tally;
  },
};

interface Row {
  readonly text: string;
  readonly holds: boolean;
}

async function smallOneComesLast(): Promise<Row> {
  const tenants = ['large', 'middle', 'small'];
  return withTenants(tenants, {}, async (arena) => {
    const large = await order(arena, 'large', 10_000);
    const middle = await order(arena, 'middle', 100);
    await until('the large one is under way', async () => done(await read(arena, 'large', large)) >= maxInFlight);
    const small = await order(arena, 'small', 3);
    const ended = await until('the small one ends', async () => {
      const batch = await read(arena, 'small', small);
      return batch.finished_at === null ? null : batch;
    });
    const first = Math.min(...(await filesOf(arena, 'small', small)).map(startOf));
    const [others, more] = [await filesOf(arena, 'large', large), await filesOf(arena, 'middle', middle)];
    await cancel(arena, 'large', large);
    const from = Date.parse(ended.created_at);
    const before = [...others, ...more].filter(({ finished_at }) => isBetween(finished_at, from, first)).length;
    const tookMs = Date.parse(ended.finished_at ?? '') - from;
    return {
      text: `10,000 + 100 + 3 files: the last one's first file began ${before} completions (≤ ${maxInFlight}) and ${first - from} ms after its 202, its batch ended after ${tookMs} ms`,
      holds: before <= maxInFlight && done(ended) === 3,
    };
  });
}

/** Files looked at once both tenants have work waiting. */
const counted = 160;

async function weights(): Promise<Row> {
  return withTenants(['heavy', 'light'], { API_WEIGHTS: 'heavy:3' }, async (arena) => {
    const heavy = await order(arena, 'heavy', 400);
    const light = await order(arena, 'light', 400);
    const begun = async (tenant: string, id: string): Promise<number> => {
      const { counts } = await read(arena, tenant, id);
      return (counts['total'] ?? 0) - (counts['queued'] ?? 0);
    };
    await until('enough has begun', async () => (await begun('light', light)) > counted / 4 + maxInFlight);
    await Promise.all([cancel(arena, 'heavy', heavy), cancel(arena, 'light', light)]);
    const starts = [
      ...(await filesOf(arena, 'heavy', heavy)).map((file) => ({ tenant: 'heavy', at: startOf(file) })),
      ...(await filesOf(arena, 'light', light)).map((file) => ({ tenant: 'light', at: startOf(file) })),
    ].sort((a, b) => a.at - b.at);
    const both = starts.findIndex(({ tenant }) => tenant === 'light');
    const looked = starts.slice(both, both + counted).filter(({ at }) => Number.isFinite(at));
    const heavies = looked.filter(({ tenant }) => tenant === 'heavy').length;
    const ratio = heavies / (looked.length - heavies);
    return {
      text: `weights 3:1 over ${looked.length} files: ${heavies} to ${looked.length - heavies} = ${ratio.toFixed(2)} (2.70 to 3.30)`,
      holds: looked.length === counted && ratio >= 2.7 && ratio <= 3.3,
    };
  });
}

type Batch = BatchView & { readonly created_at: string; readonly finished_at: string | null };

async function withTenants(
  tenants: readonly string[],
  more: Readonly<Record<string, string>>,
  work: (arena: Arena) => Promise<Row>,
): Promise<Row> {
  const environment = { API_KEYS: keysOf(tenants), MAX_IN_FLIGHT: String(maxInFlight), ...more };
  const arena = await openArena({ environment, sandbox: { timeScale: 100, credits: 100_000_000 } });
  try {
    const worker = await arena.openWorker();
    try {
      return await work(arena);
    } finally {
      await worker.close();
    }
  } finally {
    await arena.close();
  }
}

async function order(arena: Arena, tenant: string, count: number): Promise<string> {
  const files = Array.from({ length: count }, (_, at) => ({ source: { url: arena.clipUrl(`${at}.mp4`) } }));
  const response = await send(`${arena.api}/batches`, batchBody(arena, 0, tenant, { ...plain, files }), auth(tenant));
  if (response.status !== 202) throw new Error(await response.text());
  return ((await response.json()) as Batch).id;
}

const read = async (arena: Arena, tenant: string, id: string): Promise<Batch> =>
  (await (await fetch(`${arena.api}/batches/${id}`, { headers: auth(tenant) })).json()) as Batch;

async function filesOf(arena: Arena, tenant: string, id: string): Promise<FileView[]> {
  const response = await fetch(`${arena.api}/batches/${id}/results`, { headers: auth(tenant) });
  const lines = (await response.text()).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as FileView);
}

async function cancel(arena: Arena, tenant: string, id: string): Promise<void> {
  await send(`${arena.api}/batches/${id}/cancel`, {}, auth(tenant));
  await until(`${tenant} is canceled`, async () => (await read(arena, tenant, id)).finished_at !== null, 120_000, 200);
}

const done = ({ counts }: BatchView): number => counts['completed'] ?? 0;
const startOf = ({ steps }: FileView): number => Date.parse(steps[0]?.started_at ?? '') || Infinity;
const isBetween = (time: string | null, from: number, to: number): boolean =>
  time !== null && Date.parse(time) > from && Date.parse(time) <= to;
