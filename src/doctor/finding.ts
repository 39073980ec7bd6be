/** What one look of the doctor came to. */
export type Verdict = 'ok' | 'warn' | 'fail';

export interface Finding {
  /** What was looked at, in a word. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
  /** What to do; null where there is nothing to do. */
  readonly advice: string | null;
}

export const ok = (check: string, detail: string): Finding => ({ check, verdict: 'ok', detail, advice: null });
export const warn = (check: string, detail: string, advice: string): Finding => ({
  check,
  verdict: 'warn',
  detail,
  advice,
});
export const fail = (check: string, detail: string, advice: string): Finding => ({
  check,
  verdict: 'fail',
  detail,
  advice,
});
