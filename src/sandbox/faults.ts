/** Which fault strikes which call: entries put in by the admin, and a seeded scenario. It draws; others act. */
import { z } from 'zod';
import type { Call } from './call.ts';
import { ENDPOINTS, FAULTS, isFaultName, type FaultKind, type FaultName, type FaultParams } from './fault-table.ts';
import type { Ledger } from './ledger.ts';
import { createRandom, toSeed } from './random.ts';

export const faultSchema = z.object({
  name: z.string().refine(isFaultName, 'no such fault; GET /admin/faults lists them'),
  /** How many calls it strikes; null: until it is deleted. One by default, without end with `forMs`. */
  times: z.number().int().min(1).nullable().optional(),
  /** Strikes for this long (real ms) from its first hit on. */
  forMs: z.number().positive().optional(),
  /** Lets this many matching calls pass first. */
  skip: z.number().int().min(0).default(0),
  /** Strikes a matching call with this chance. */
  rate: z.number().min(0).max(1).default(1),
  match: z
    .object({
      endpoint: z.enum(ENDPOINTS).optional(),
      session: z.string().optional(),
      /** Part of the instruction. */
      text: z.string().optional(),
      /** Part of a file's name: of the upload, or of the media that a turn names. */
      file: z.string().optional(),
      /** Part of the name of any file that is in the session, or that this call brings by URL. */
      holds: z.string().optional(),
    })
    .default({}),
  params: z.record(z.string(), z.unknown()).default({}),
});
type FaultInput = z.output<typeof faultSchema>;

export interface FaultEntry extends FaultInput {
  readonly id: number;
  hits: number;
  passed: number;
  firstHitAtMs: number | null;
}

interface Scenario {
  readonly seed: number;
  readonly rate: number;
  readonly names: readonly FaultName[];
  /** Strikes wherever a fault can, also where a file honestly ends of it. */
  readonly harsh: boolean;
}

export interface FaultBook {
  entries: FaultEntry[];
  scenario: Scenario | null;
  nextId: number;
  readonly now: () => number;
  readonly ledger: Ledger;
  readonly random: () => number;
  /** Calls seen by the scenario for each endpoint and session, so that its draws do not depend on interleaving. */
  readonly drawn: Map<string, number>;
}

/** The parameters of that fault when it strikes this call, else null. Counts the hit. */
export function takeFault<N extends FaultName>(
  book: FaultBook,
  call: Call,
  name: N,
  files: readonly string[] = [],
): FaultParams<N> | null {
  const entry = book.entries.find((each) => each.name === name && isHit(book, each, call, files));
  if (entry === undefined && call.scenarioFault !== name) return null;
  if (entry === undefined) call.scenarioFault = null;
  else countHit(book, entry);
  book.ledger.faults.set(name, (book.ledger.faults.get(name) ?? 0) + 1);
  call.faults.push(name);
  // The table's schema of this very name made it.
  return FAULTS[name].params.parse(entry?.params ?? {}) as FaultParams<N>;
}

function isHit(book: FaultBook, entry: FaultEntry, call: Call, files: readonly string[]): boolean {
  const { endpoint, session, text, file, holds } = entry.match;
  if (endpoint !== undefined && endpoint !== call.endpoint) return false;
  const { at }: { readonly at: readonly string[] } = FAULTS[entry.name];
  if (!at.includes(call.endpoint)) return false;
  if (session !== undefined && session !== call.session) return false;
  if (text !== undefined && !(call.text ?? '').includes(text)) return false;
  if (file !== undefined && ![...files, call.text ?? ''].some((name) => name.includes(file))) return false;
  if (holds !== undefined && !filesAround(book, call).some((name) => name.includes(holds))) return false;
  const { firstHitAtMs, forMs } = entry;
  if (firstHitAtMs !== null && forMs !== undefined && book.now() > firstHitAtMs + forMs) return false;
  if (entry.passed < entry.skip) {
    entry.passed += 1;
    return false;
  }
  return entry.rate === 1 || book.random() < entry.rate;
}

function filesAround(book: FaultBook, call: Call): readonly string[] {
  const uploads = book.ledger.sessions.get(call.session ?? '')?.uploads ?? [];
  return [...call.brings, ...uploads.map(({ name }) => name)];
}

function countHit(book: FaultBook, entry: FaultEntry): void {
  entry.hits += 1;
  entry.firstHitAtMs ??= book.now();
  const times = entry.times === undefined ? (entry.forMs === undefined ? 1 : null) : entry.times;
  if (times !== null && entry.hits >= times) book.entries = book.entries.filter((each) => each !== entry);
}

/** Draws at most one fault of the scenario for this call. */
export function drawScenario(book: FaultBook, call: Call): void {
  if (book.scenario === null) return;
  const { seed, rate, names, harsh } = book.scenario;
  const key = `${call.endpoint}:${call.session ?? ''}`;
  const nth = (book.drawn.get(key) ?? 0) + 1;
  book.drawn.set(key, nth);
  const random = createRandom(toSeed(`${seed}:${key}:${nth}`));
  if (random.next() >= rate) return;
  const open = names.filter((name) => {
    const { at, scenarioAt }: FaultKind = FAULTS[name];
    return (harsh ? at : scenarioAt).includes(call.endpoint);
  });
  call.scenarioFault = open[Math.floor(random.next() * open.length)] ?? null;
}

export function scenarioNames(harsh: boolean): FaultName[] {
  const names = Object.keys(FAULTS) as FaultName[];
  return harsh ? names : names.filter((name) => FAULTS[name].scenarioAt.length > 0);
}
