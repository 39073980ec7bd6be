/** Picture shapes and sizes: the words are so telling that they count wherever they stand, in either language. */
import type { Edit, Recogniser } from './edit.ts';

const RATIOS: readonly (readonly [number, number])[] = [
  [9, 16],
  [16, 9],
  [1, 1],
  [4, 5],
  [5, 4],
  [4, 3],
  [3, 4],
  [21, 9],
];
/** The upstream gives at most 1080×1920 (seed); asking for more is asked back. */
const HEIGHTS = [240, 360, 480, 540, 720, 1080];

const shape = (across: number, down: number): readonly Edit[] => [{ op: 'shape', across, down }];

export const shapes: readonly Recogniser[] = [
  {
    pattern:
      /(?<![\d:.])(\d{1,2})\s*[:：比]\s*(\d{1,2})(?![\d:.])(?:\s*(?:aspect\s+ratio|ratio|vertical|portrait|landscape|horizontal|square|format|竖屏|横屏))?/giu,
    read: ([, across, down]) => {
      const known = RATIOS.find(([width, height]) => width === Number(across) && height === Number(down));
      return known === undefined ? null : shape(known[0], known[1]);
    },
  },
  {
    pattern: /(?<![\d.])(\d{3,4})\s*p(?![a-z\d])/giu,
    read: ([, height]) => (HEIGHTS.includes(Number(height)) ? [{ op: 'resize', shortSide: Number(height) }] : null),
  },
  { pattern: /\bfull\s*hd\b|全高清/giu, read: () => [{ op: 'resize', shortSide: 1080 }] },
  {
    pattern: /(?<![\d.])(\d{2,4})\s*[x×*]\s*(\d{2,4})(?![a-z\d])(?:\s*(?:px|pixels?|像素))?/giu,
    read: ([, width, height]) => {
      const [wide, high] = [Number(width), Number(height)];
      const isSmall = Math.max(wide, high) <= 1920 && Math.min(wide, high) <= 1080 && Math.min(wide, high) >= 16;
      return isSmall ? [{ op: 'size', width: wide, height: high }] : null;
    },
  },
  { pattern: /\b(?:vertical|portrait)\b|竖屏|竖版|竖向/giu, read: () => shape(9, 16) },
  { pattern: /\b(?:horizontal|landscape|widescreen)\b|横屏|横版|横向|宽屏/giu, read: () => shape(16, 9) },
  { pattern: /\bsquare\b|正方形|方形|方屏/giu, read: () => shape(1, 1) },
];
