/** Errors that say that Redis is away or cannot do its work now. They pass by themselves and are nobody's fault. */

/** First words of Redis' replies (its protocol has no other place for a code). */
const passing = new Set([
  'OOM',
  'LOADING',
  'READONLY',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'NOREPLICAS',
  'MISCONF',
  'BUSY',
]);

export function isRedisTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ReplyError') return passing.has(error.message.split(' ', 1)[0] ?? '');
  return error.name === 'MaxRetriesPerRequestError';
}
