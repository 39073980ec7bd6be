/** A caller who asks for its batch all the time, and what the API answered while Redis was away. */
export interface Answer {
  /** Epoch ms of the question. */
  readonly at: number;
  readonly tookMs: number;
  /** 0: the connection failed. */
  readonly status: number;
  readonly isProblem: boolean;
  readonly retryAfter: string | null;
}

export interface Prober {
  readonly answers: readonly Answer[];
  readonly stop: () => Promise<void>;
}

const everyMs = 200;
const patienceMs = 20_000;

/** Each question by itself: one that hangs keeps no other from being asked. */
export function startProber(url: string): Prober {
  const answers: Answer[] = [];
  const open = new Set<Promise<void>>();
  const ask = async (): Promise<void> => {
    const at = Date.now();
    const seen = await fetch(url, { signal: AbortSignal.timeout(patienceMs) }).catch(() => null);
    await seen?.arrayBuffer().catch(() => null);
    const isProblem = seen?.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
    const retryAfter = seen?.headers.get('retry-after') ?? null;
    answers.push({ at, tookMs: Date.now() - at, status: seen?.status ?? 0, isProblem, retryAfter });
  };
  const timer = setInterval(() => {
    const asked = ask();
    open.add(asked);
    void asked.finally(() => open.delete(asked));
  }, everyMs);
  return {
    answers,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}

/** From here on it must be known that Redis is away; a frozen one takes a moment to be told from a slow one. */
const noticedMs = 2500;
/** "At once", on a machine that is busy. */
const atOnceMs = 1000;
const backMs = 5000;
/** It may be back a moment before the scenario knows. */
const returnMs = 1000;

export function judgeAnswers(
  wanted: 'refuses' | 'answers' | 'either',
  answers: readonly Answer[],
  times: { readonly awayAt: number; readonly backAt: number },
): string[] {
  const fine = wanted === 'answers' ? [200] : [200, 503];
  const strange = answers.filter(({ status }) => !fine.includes(status)).map(({ status }) => status);
  const refused = answers.filter(({ status }) => status === 503);
  const isBare = refused.some(({ isProblem, retryAfter }) => !isProblem || retryAfter === null);
  return [
    ...(strange.length > 0 ? [`answered ${[...new Set(strange)].join(', ')}`] : []),
    ...(isBare ? ['503 without Retry-After'] : []),
    ...(wanted === 'refuses' ? judgeRefusals(answers, times) : []),
  ];
}

function judgeRefusals(answers: readonly Answer[], times: { awayAt: number; backAt: number }): string[] {
  const { awayAt, backAt } = times;
  const faults: string[] = [];
  const slow = answers.filter(({ at, tookMs }) => at >= awayAt && at < backAt && tookMs > noticedMs);
  if (slow.length > 0) faults.push(`an answer took ${Math.max(...slow.map(({ tookMs }) => tookMs))} ms`);
  const known = answers.filter(({ at, tookMs }) => at >= awayAt + noticedMs && at + tookMs < backAt - returnMs);
  if (known.some(({ status }) => status !== 503)) faults.push('not 503 while Redis was away');
  if (known.some(({ tookMs }) => tookMs > atOnceMs)) faults.push('503 not at once');
  const first = answers.filter(({ at, status }) => at >= backAt && status === 200).toSorted((a, b) => a.at - b.at)[0];
  const backAfterMs = first === undefined ? Infinity : first.at - backAt;
  if (backAfterMs > backMs) faults.push(`200 again after ${backAfterMs} ms`);
  return faults;
}
