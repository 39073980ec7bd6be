/** Reads the character map of a TrueType, OpenType or WOFF font: which characters it can draw. Nothing else of the font. */
import { inflateSync } from 'node:zlib';

export interface Coverage {
  readonly hasAll: (text: string) => boolean;
}

type Ranges = readonly (readonly [number, number])[];

export function readCoverage(font: Buffer): Coverage {
  const ranges = readRanges(font);
  return {
    hasAll: (text) =>
      Array.from(text)
        .filter((character) => character.trim() !== '')
        .every((character) => {
          const point = character.codePointAt(0) ?? 0;
          return ranges.some(([first, last]) => point >= first && point <= last);
        }),
  };
}

/** Formats 4 (16 bit) and 12 (32 bit) of the `cmap` table: what every current font has. */
function readRanges(font: Buffer): Ranges {
  const cmap = font.toString('latin1', 0, 4) === 'wOFF' ? findWoffTable(font, 'cmap') : findTable(font, 'cmap');
  if (cmap === null) return [];
  const count = cmap.readUInt16BE(2);
  return Array.from({ length: count }, (_, index) => cmap.readUInt32BE(4 + index * 8 + 4)).flatMap((at) => {
    const format = cmap.readUInt16BE(at);
    if (format === 4) return readFormat4(cmap, at);
    return format === 12 ? readFormat12(cmap, at) : [];
  });
}

function findTable(font: Buffer, name: string): Buffer | null {
  const count = font.readUInt16BE(4);
  for (let index = 0; index < count; index++) {
    const at = 12 + index * 16;
    if (font.toString('latin1', at, at + 4) === name) return font.subarray(font.readUInt32BE(at + 8));
  }
  return null;
}

/** WOFF 1.0: a table is deflated where that made it smaller. */
function findWoffTable(font: Buffer, name: string): Buffer | null {
  const count = font.readUInt16BE(12);
  for (let index = 0; index < count; index++) {
    const at = 44 + index * 20;
    if (font.toString('latin1', at, at + 4) !== name) continue;
    const [offset, stored, bytes] = [font.readUInt32BE(at + 4), font.readUInt32BE(at + 8), font.readUInt32BE(at + 12)];
    const table = font.subarray(offset, offset + stored);
    return stored < bytes ? inflateSync(table) : table;
  }
  return null;
}

function readFormat4(font: Buffer, at: number): Ranges {
  const segments = font.readUInt16BE(at + 6) / 2;
  const ends = at + 14;
  const starts = ends + segments * 2 + 2;
  return Array.from({ length: segments }, (_, index): readonly [number, number] => [
    font.readUInt16BE(starts + index * 2),
    font.readUInt16BE(ends + index * 2),
  ]).filter(([first]) => first !== 0xffff);
}

function readFormat12(font: Buffer, at: number): Ranges {
  const groups = font.readUInt32BE(at + 12);
  return Array.from({ length: groups }, (_, index): readonly [number, number] => [
    font.readUInt32BE(at + 16 + index * 12),
    font.readUInt32BE(at + 20 + index * 12),
  ]);
}
