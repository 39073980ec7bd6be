/** Reads times and corners as people write them, in English and Chinese. Pure. */
import type { Corner } from '../draft.ts';

export function toMs(number: string | undefined, unit: string | undefined): number {
  const value = Number(number);
  const word = (unit ?? 's').toLowerCase();
  if (word === 'ms' || word.startsWith('milli') || word === '毫秒') return Math.round(value);
  if (word.startsWith('min') || word.startsWith('分')) return Math.round(value * 60_000);
  return Math.round(value * 1000);
}

/** `1:05`, `0:02.5`, `7s`, `7`. */
export function toPointMs(text: string | undefined): number {
  const clock = /^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/u.exec((text ?? '').trim());
  if (clock !== null) {
    return Math.round((Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3])) * 1000);
  }
  const plain = /^(\d+(?:\.\d+)?)\s*(\p{L}+)?$/u.exec((text ?? '').trim());
  return toMs(plain?.[1], plain?.[2]);
}

export function toCorner(words: string | undefined): Corner | null {
  if (words === undefined) return null;
  const text = words.toLowerCase();
  if (/cent(?:er|re)|middle|中/u.test(text)) return 'center';
  const isTop = /top|upper|上/u.test(text);
  const isLeft = /left|左/u.test(text);
  if (isTop) return isLeft ? 'top-left' : 'top-right';
  return isLeft ? 'bottom-left' : 'bottom-right';
}

/** Beyond these nothing sensible comes out of ffmpeg's atempo and of a viewer. */
export function isSpeed(factor: number): boolean {
  return factor >= 0.25 && factor <= 8;
}
