/**
 * Makes render ids: `render_<digits>` (the seed's form), unique across the fleet. Two files submitted in the same
 * millisecond must not share one, or one would get the other's video.
 */
import { randomInt } from 'node:crypto';

/** Ids per ms before the next ms is borrowed; two digits keep the whole at 13 + 15 + 2 = 30 digits. */
const idsPerMs = 100;

/** 15 random digits (49.8 bits): which process made an id. */
function randomSeed(): string {
  return digits(randomInt(10 ** 8), 8) + digits(randomInt(10 ** 7), 7);
}

export function createRenderIds(nodeSeed: string = randomSeed(), now: () => number = Date.now): () => string {
  let lastMs = 0;
  let count = 0;
  return () => {
    const nowMs = now();
    // A clock that stands, or was set back, goes on counting from the last id: no id comes twice in one process.
    if (nowMs > lastMs) [lastMs, count] = [nowMs, 0];
    else if (++count === idsPerMs) [lastMs, count] = [lastMs + 1, 0];
    return `render_${lastMs}${nodeSeed}${digits(count, 2)}`;
  };
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
