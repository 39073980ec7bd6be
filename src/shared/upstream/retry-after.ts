/** Reads Retry-After, in seconds or as an HTTP date. Pure: what "now" is comes from the caller. */
export function parseRetryAfter(
  value: string | undefined,
  dateHeader: string | undefined,
  nowMs: number,
): number | null {
  const text = value?.trim();
  if (text === undefined || text === '') return null;
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  if (!/[a-z]/i.test(text)) return null; // Date.parse would take "-5" or "2026" for a date
  const untilMs = Date.parse(text);
  if (Number.isNaN(untilMs)) return null;
  // The upstream's clock may be off: its own Date header is what its Retry-After is relative to.
  const theirNowMs = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader);
  return Math.max(0, untilMs - (Number.isNaN(theirNowMs) ? nowMs : theirNowMs));
}
