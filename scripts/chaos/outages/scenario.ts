/** One outage in the middle of a batch, and what is asked of every one of them: all files end, nothing twice, soon. */
import { until } from '../arena.ts';
import { hasEnded, post, readBatch } from '../caller.ts';
import { judge } from '../verdict.ts';
import { openPlace, type Place, type PlaceOptions } from './place.ts';
import { judgeAnswers, startProber, type Prober } from './prober.ts';

export interface Stage {
  readonly place: Place;
  readonly batchId: string;
  readonly prober: Prober;
  readonly faults: string[];
  /** The outage begins, and ends: the figures are taken from these moments on. */
  readonly away: () => void;
  readonly back: () => void;
}

export interface Scenario {
  readonly name: string;
  readonly files: number;
  /** Only with --long. */
  readonly isLong?: boolean;
  readonly options?: PlaceOptions;
  /** What callers hear meanwhile: 503 at once (default), an answer as ever, or either of them. */
  readonly api?: 'refuses' | 'answers' | 'either';
  /** How soon the first step must come; what hangs in a dead connection takes longer. */
  readonly firstStepMostMs?: number;
  /** Turns that were under way may honestly be unconfirmed. */
  readonly mayBeUnconfirmed?: number;
  /** Also before a file has ended: for an upstream that is away from the start. */
  readonly isFromStart?: boolean;
  readonly run: (stage: Stage) => Promise<void>;
}

export interface Row {
  readonly name: string;
  readonly files: number;
  readonly ended: number;
  readonly lost: number;
  readonly double: number;
  readonly firstStepMs: number | null;
  readonly faults: readonly string[];
}

/** From the return of what was away to the first new call of a worker (the goal: 5 s). */
const firstStepMostMs = 5000;
const endDeadlineMs = 240_000;

export async function runScenario(scenario: Scenario): Promise<Row> {
  const { name, files } = scenario;
  const nothing = { name, files, ended: 0, lost: 0, double: 0, firstStepMs: null };
  try {
    const place = await openPlace(scenario.options);
    try {
      return { ...nothing, ...(await play(scenario, place)) };
    } catch (error) {
      return { ...nothing, faults: [explain(error), ...place.log().slice(-5)] };
    } finally {
      await place.close();
    }
  } catch (error) {
    return { ...nothing, faults: [explain(error)] };
  }
}

const explain = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function play(scenario: Scenario, place: Place): Promise<Partial<Row> & Pick<Row, 'faults'>> {
  const { files, name } = scenario;
  const batchId = await post(place, files, name);
  const completed = async (): Promise<number> => (await readBatch(place, batchId)).counts['completed'] ?? 0;
  if (scenario.isFromStart !== true) {
    await until('the batch is in the middle', async () => (await completed()) >= files / 6, endDeadlineMs);
  }
  const prober = startProber(`${place.api}/batches/${batchId}`);
  const times = { awayAt: 0, backAt: 0 };
  const faults: string[] = [];
  const away = (): void => void (times.awayAt = Date.now());
  const back = (): void => void (times.backAt = Date.now());
  try {
    away();
    await scenario.run({ place, batchId, prober, faults, away, back });
    const soonMs = scenario.firstStepMostMs ?? firstStepMostMs;
    const firstStepMs = await firstStepAfter(place, times.backAt, soonMs);
    if (firstStepMs === null || firstStepMs > soonMs) faults.push(`first step after ${firstStepMs} ms`);
    await until(`${files} files end`, async () => hasEnded(await readBatch(place, batchId)), endDeadlineMs + soonMs);
    const verdict = await judge(place, batchId, files, scenario.mayBeUnconfirmed ?? 0);
    await prober.stop();
    const answers = judgeAnswers(scenario.api ?? 'refuses', prober.answers, times);
    return { ...verdict, firstStepMs, faults: [...faults, ...verdict.faults, ...answers, ...restarted(place)] };
  } finally {
    await prober.stop();
  }
}

const restarted = (place: Place): string[] => place.ended().map((who) => `a process ended: ${who}`);

/** A call that begins something; what only looks (state, polls, the probe) may have waited in the middle of a run. */
const beginnings: readonly string[] = ['session', 'upload', 'run_sse', 'render'];

async function firstStepAfter(place: Place, backAt: number, mostMs: number): Promise<number | null> {
  const first = async (): Promise<number | null> =>
    place.sandbox.ledger().calls.find(({ at, endpoint }) => at >= backAt && beginnings.includes(endpoint))?.at ?? null;
  const at = await until('a step', first, mostMs + 120_000).catch(() => null);
  return at === null ? null : at - backAt;
}

export function toLine({ name, files, ended, lost, double, firstStepMs, faults }: Row): string {
  const first = firstStepMs === null ? '–' : `${(firstStepMs / 1000).toFixed(1)} s`;
  const figures = `files ${files}  ended ${ended}  lost ${lost}  double ${double}  first step ${first}`;
  return `${name.padEnd(44)} ${figures.padEnd(66)} ${faults.length === 0 ? 'ok' : faults.join('; ')}`;
}
