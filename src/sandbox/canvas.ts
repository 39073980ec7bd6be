/** Sizes of the picture. The upstream gives at most 1080×1920 (seed), either way up, and libx264 wants even sides. */
import { segmentsOf, VIDEO_TRACK, type Draft } from './draft.ts';
import type { Media } from './store.ts';

const MAX_SHORT = 1080;
const MAX_LONG = 1920;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Downwards, but for what floating point lost on the way to a whole number. */
const even = (side: number): number => Math.max(2, Math.floor(side / 2 + 1e-6) * 2);

/** Shrinks to the limits, never enlarges. */
function toOutputSize({ width, height }: Size): Size {
  const scale = Math.min(1, MAX_SHORT / Math.min(width, height), MAX_LONG / Math.max(width, height));
  return { width: even(width * scale), height: even(height * scale) };
}

/** The size that the render will have: as asked for, else that of the first clip. */
export function canvasOf(draft: Draft, media: readonly Media[]): Size {
  if (draft.m.canvas !== null) return draft.m.canvas;
  const [first] = segmentsOf(draft, VIDEO_TRACK);
  const source = media.find((each) => each.id === first?.m.media_id);
  if (source === undefined || source.width === 0) return { width: 1280, height: 720 };
  const isTurned = (first?.m.rotate ?? 0) % 180 !== 0;
  return toOutputSize(isTurned ? { width: source.height, height: source.width } : source);
}

/** Another shape on the same short side, so that nothing is enlarged. */
export function toShape(size: Size, across: number, down: number): Size {
  const short = Math.min(size.width, size.height, MAX_SHORT);
  const wide = across >= down;
  const long = (short * Math.max(across, down)) / Math.min(across, down);
  return toOutputSize(wide ? { width: long, height: short } : { width: short, height: long });
}

/** The same shape with this short side: 1080 makes 1920×1080 of a wide picture. */
export function fitWithin(size: Size, shortSide: number): Size {
  const scale = shortSide / Math.min(size.width, size.height);
  return toOutputSize({ width: size.width * scale, height: size.height * scale });
}
