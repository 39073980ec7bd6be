/**
 * Writes a ZIP (PKWARE APPNOTE 6.3) of stored members as a stream: each as it comes, the directory at the end. Of a member
 * that has gone out only its directory record is kept, some 80 bytes. (yazl was seen to hold
 * several KB a member until the end.) It does not compress: video does not get smaller.
 */
import { crc32 } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly pieces: AsyncIterable<Buffer>;
}

/** Sizes follow the bytes; names are UTF-8. */
const flags = 0x0808;
const plainVersion = 20;
const zip64Version = 45;
const madeByUnix = 0x0300 | zip64Version;
const fileMode = 0o100644;
/** In a field of 32 or 16 bits: see the zip64 record. */
const seeZip64 = 0xffff_ffff;
const seeZip64Count = 0xffff;

/** Records are gathered in blocks of this size before they are kept: small buffers would each hold a shared block. */
const blockBytes = 65_536;

export async function* zipOf(members: AsyncIterable<ZipMember>, now: Date): AsyncGenerator<Buffer> {
  const stamp = dosTime(now);
  const records = createBlocks();
  let [offset, count] = [0, 0];
  for await (const { name, pieces } of members) {
    const encoded = Buffer.from(name);
    const start = offset;
    const header = localHeader(encoded, stamp);
    yield header;
    let [crc, size] = [0, 0];
    for await (const piece of pieces) {
      crc = crc32(piece, crc);
      size += piece.length;
      yield piece;
    }
    // Files are 500 MB at most; a member of 4 GB would need another form from its start on.
    if (size >= seeZip64) throw new RangeError('a member of 4 GB cannot be written');
    const tail = fields([4, 0x0807_4b50], [4, crc], [4, size], [4, size]);
    yield tail;
    records.add(directoryRecord({ encoded, stamp, crc, size, start }));
    offset += header.length + size + tail.length;
    count += 1;
  }
  yield* records.all();
  yield directoryEnd(count, records.bytes(), offset);
}

/** Little-endian numbers, each of so many bytes (2, 4 or 8). */
function fields(...numbers: readonly (readonly [2 | 4 | 8, number])[]): Buffer {
  const buffer = Buffer.alloc(numbers.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of numbers) {
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value), at);
    else buffer.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return buffer;
}

type Stamp = readonly [[2, number], [2, number]];

function localHeader(name: Buffer, stamp: Stamp): Buffer {
  const head = fields([4, 0x0403_4b50], [2, plainVersion], [2, flags], [2, 0], ...stamp);
  return Buffer.concat([head, fields([4, 0], [4, 0], [4, 0], [2, name.length], [2, 0]), name]);
}

interface Written {
  readonly encoded: Buffer;
  readonly stamp: Stamp;
  readonly crc: number;
  readonly size: number;
  /** Of its local header. */
  readonly start: number;
}

function directoryRecord({ encoded, stamp, crc, size, start }: Written): Buffer {
  const isFar = start >= seeZip64;
  const extra = isFar ? fields([2, 1], [2, 8], [8, start]) : Buffer.alloc(0);
  const head = fields([4, 0x0201_4b50], [2, madeByUnix], [2, isFar ? zip64Version : plainVersion], [2, flags], [2, 0]);
  const sizes = fields([4, crc], [4, size], [4, size], [2, encoded.length], [2, extra.length], [2, 0], [2, 0], [2, 0]);
  const place = fields([4, fileMode * 0x1_0000], [4, isFar ? seeZip64 : start]);
  return Buffer.concat([head, fields(...stamp), sizes, place, encoded, extra]);
}

function directoryEnd(count: number, bytes: number, start: number): Buffer {
  const isLarge = count >= seeZip64Count || start >= seeZip64;
  const shown = [
    [2, isLarge ? seeZip64Count : count],
    [2, isLarge ? seeZip64Count : count],
    [4, isLarge ? seeZip64 : bytes],
    [4, isLarge ? seeZip64 : start],
  ] as const;
  const end = fields([4, 0x0605_4b50], [2, 0], [2, 0], ...shown, [2, 0]);
  if (!isLarge) return end;
  const versions = [
    [2, madeByUnix],
    [2, zip64Version],
  ] as const;
  const wide = [
    [8, count],
    [8, count],
    [8, bytes],
    [8, start],
  ] as const;
  const record = fields([4, 0x0606_4b50], [8, 44], ...versions, [4, 0], [4, 0], ...wide);
  return Buffer.concat([record, fields([4, 0x0706_4b50], [4, 0], [8, start + bytes], [4, 1]), end]);
}

/** The DOS form: two seconds are the finest it knows, 1980 is its first year. */
function dosTime(date: Date): Stamp {
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  return [
    [2, time],
    [2, day],
  ];
}

function createBlocks() {
  const full: Buffer[] = [];
  let [block, used, total] = [Buffer.alloc(blockBytes), 0, 0];
  return {
    add: (record: Buffer): void => {
      total += record.length;
      for (let at = 0; at < record.length;) {
        const copied = record.copy(block, used, at);
        [used, at] = [used + copied, at + copied];
        if (used < blockBytes) continue;
        full.push(block);
        [block, used] = [Buffer.alloc(blockBytes), 0];
      }
    },
    all: (): Buffer[] => [...full, block.subarray(0, used)],
    bytes: (): number => total,
  };
}
