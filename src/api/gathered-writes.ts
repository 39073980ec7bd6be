/**
 * Writes a stream of pieces to a file in few large writes: what comes while one is under way goes out with the next. Each
 * write is a trip to another thread, which for pieces as small as a socket's costs more than the bytes.
 */
import type { FileHandle } from 'node:fs/promises';

/** Held beside what is being written; whoever brings more waits. */
const mostHeldBytes = 512 * 1024;

export interface GatheredWrites {
  /** Takes the piece over: once written it is empty. Resolves when there is room for another; throws what an earlier write met. */
  readonly write: (piece: Buffer) => Promise<void>;
  /** Resolves when all of it has been given to the system. */
  readonly end: () => Promise<void>;
}

export function gatherWrites(handle: FileHandle): GatheredWrites {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isWriting = false;
  let present = Promise.resolve();
  let all = Promise.resolve();

  const writeHeld = async (): Promise<void> => {
    isWriting = true;
    while (heldBytes > 0) {
      const [pieces, bytes] = [held, heldBytes];
      held = [];
      heldBytes = 0;
      present = writeAll(handle, pieces, bytes);
      await present;
      for (const piece of pieces) giveBack(piece);
    }
    // Left set by a write that failed: whoever waits for room, or for the end, is told.
    isWriting = false;
  };
  return {
    write: async (piece) => {
      held.push(piece);
      heldBytes += piece.length;
      if (!isWriting) {
        all = writeHeld();
        all.catch(() => undefined);
      } else if (heldBytes >= mostHeldBytes) {
        await present;
      }
    },
    end: () => all,
  };
}

/**
 * The memory of a piece that nobody reads any more, at once: left to the collector, up to 64 MB of such pieces lie about, and
 * each new one is memory that the system has to map and clear. A part of something larger is not ours to give away. Node 20
 * has no `transfer`, and waits for the collector.
 */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && 'transfer' in buffer) buffer.transfer(0);
}

async function writeAll(handle: FileHandle, pieces: readonly Buffer[], bytes: number): Promise<void> {
  const { bytesWritten } = await handle.writev(pieces);
  // The system may take less; the rest tells why (a full disk), or goes on.
  if (bytesWritten < bytes) await handle.writeFile(Buffer.concat(pieces).subarray(bytesWritten));
}
