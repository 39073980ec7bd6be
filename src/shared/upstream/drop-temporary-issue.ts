/**
 * Upstream rule 5 of a turn: a trailing "I encountered a temporary issue" after normal output is ignored, and alone it
 * is no answer. It only cleans the text for people; whether a turn worked is decided by state.
 */
const phrase = /\bI(?:['’]ve| have)? encountered a temporary issue\b/gi;

export function dropTemporaryIssue(text: string): string {
  const start = [...text.matchAll(phrase)].at(-1)?.index;
  if (start === undefined) return text.trim();
  const [, ...after] = text
    .slice(start)
    .split(/[.!?。！？…\n]+/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
  // Only the excuse and its usual advice are dropped: an answer after it stays.
  const isTrailing = after.every((sentence) => /^(please|try|sorry|let me|you can|i['’]ll|i will)\b/i.test(sentence));
  return isTrailing ? text.slice(0, start).trim() : text.trim();
}
