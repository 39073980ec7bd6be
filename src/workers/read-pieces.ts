/**
 * The bytes of a file for one reader, in two buffers that take turns: while one is being sent the other is filled. New memory
 * for each piece would lie about until the collector comes, up to 64 MB in each process.
 */
import type { FileHandle } from 'node:fs/promises';

/** Each piece costs a trip to another thread and one to the socket, so few of them cost less. */
const pieceBytes = 256 * 1024;

export interface Pieces extends AsyncIterable<Buffer> {
  /** Closes the file, whether it was read or not. */
  readonly destroy: () => void;
}

/** A piece is overwritten once the one after it has been asked for: whoever keeps one copies it. */
export function readPieces(handle: FileHandle): Pieces {
  async function* pieces(): AsyncGenerator<Buffer> {
    let [present, other] = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)];
    let coming = fill(handle, present);
    for (;;) {
      const piece = await coming;
      if (piece.length === 0) return;
      [present, other] = [other, present];
      coming = fill(handle, present);
      // Nobody waits for it where the reader has gone.
      coming.catch(() => undefined);
      yield piece;
    }
  }
  return {
    [Symbol.asyncIterator]: pieces,
    destroy: () => void handle.close().catch(() => undefined),
  };
}

/** Full but for the last: only then does a socket say that it has no room, and so when a piece has left. */
async function fill(handle: FileHandle, into: Buffer): Promise<Buffer> {
  let bytes = 0;
  while (bytes < into.length) {
    const { bytesRead } = await handle.read(into, bytes, into.length - bytes, null);
    if (bytesRead === 0) break;
    bytes += bytesRead;
  }
  return into.subarray(0, bytes);
}
