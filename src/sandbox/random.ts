/** Seeded randomness. Everything random in the sandbox comes from here, so that a seed repeats a run. */

export interface Random {
  /** From 0 up to, not including, 1. */
  readonly next: () => number;
  readonly between: (min: number, max: number) => number;
  readonly digits: (count: number) => string;
  readonly hex: (count: number) => string;
}

/** 32 bits of a text (FNV-1a): a seed from words. */
export function toSeed(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** mulberry32: 32 bits of state are plenty for test data, and two lines long. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = (alphabet: string, count: number): string =>
    Array.from({ length: count }, () => alphabet[Math.floor(next() * alphabet.length)] ?? '0').join('');
  return {
    next,
    between: (min, max) => min + (max - min) * next(),
    digits: (count) => pick('0123456789', count),
    hex: (count) => pick('0123456789abcdef', count),
  };
}
