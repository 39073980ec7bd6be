/**
 * Writes a stream of pieces to a file in few large writes: what comes while one is under way goes out with the next. Each
 * write is a trip to another thread, which for pieces as small as a socket's costs more than the bytes.
 */
import type { FileHandle } from 'node:fs/promises';

/** Held beside what is being written; whoever brings more waits. */
const mostHeldBytes = 512 * 1024;

export interface GatheredWrites {
  /** Resolves when there is room for another piece; throws what an earlier write met. */
  readonly write: (piece: Buffer) => Promise<void>;
  /** Resolves when all of it has been given to the system. */
  readonly end: () => Promise<void>;
}

export function gatherWrites(handle: FileHandle): GatheredWrites {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let writing: Promise<void> | null = null;

  const writeHeld = (): void => {
    const pieces = held;
    const bytes = heldBytes;
    held = [];
    heldBytes = 0;
    const over = writeAll(handle, pieces, bytes).then(() => {
      writing = null;
      if (heldBytes > 0) writeHeld();
    });
    // Told to who writes next, or ends.
    over.catch(() => undefined);
    writing = over;
  };
  return {
    write: async (piece) => {
      held.push(piece);
      heldBytes += piece.length;
      if (writing === null) writeHeld();
      else if (heldBytes >= mostHeldBytes) await writing;
    },
    end: async () => {
      while (writing !== null) await writing;
    },
  };
}

async function writeAll(handle: FileHandle, pieces: readonly Buffer[], bytes: number): Promise<void> {
  const { bytesWritten } = await handle.writev(pieces);
  // The system may take less; the rest tells why (a full disk), or goes on.
  if (bytesWritten < bytes) await handle.writeFile(Buffer.concat(pieces).subarray(bytesWritten));
}
