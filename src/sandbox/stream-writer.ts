/** Puts a turn's blocks on the wire, in the pieces and with the line ends that were asked for. */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTick } from 'node:timers/promises';

export interface WireForm {
  /** Each byte in a write of its own. */
  readonly splitBytes: boolean;
  /** Two writes, apart inside the first character that takes several bytes. */
  readonly splitInCharacter: boolean;
  readonly crlf: boolean;
  /** The last block ends without its line ends. */
  readonly noFinalBlankLine: boolean;
}

export interface StreamWriter {
  /** Nothing happens when the reader is gone: the turn goes on without it, as upstream. */
  readonly write: (block: string) => Promise<void>;
  readonly end: () => Promise<void>;
  /** Breaks the connection off, without the end of the HTTP message. */
  readonly cut: () => Promise<void>;
  readonly isGone: () => boolean;
}

export function createStreamWriter(response: ServerResponse, form: WireForm): StreamWriter {
  let held: string | null = null;
  const isGone = (): boolean => response.destroyed || response.writableEnded;
  const put = async (block: string): Promise<void> => {
    const bytes = Buffer.from(form.crlf ? block.replaceAll('\n', '\r\n') : block);
    for (const piece of toPieces(bytes, form)) {
      if (isGone()) return;
      response.write(piece);
      // A turn of the event loop, or the kernel would join the pieces again.
      if (form.splitBytes || form.splitInCharacter) await nextTick();
    }
  };
  response.socket?.setNoDelay(true);
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  response.flushHeaders();
  return {
    isGone,
    write: async (block) => {
      if (!form.noFinalBlankLine) return put(block);
      // Held back by one: only the end knows which block is the last.
      if (held !== null) await put(held);
      held = block;
    },
    end: async () => {
      if (held !== null) await put(held.trimEnd());
      if (!isGone()) response.end();
    },
    cut: async () => {
      // What was written before is to arrive: node hands it to the socket in the next tick.
      await nextTick();
      response.socket?.destroySoon();
    },
  };
}

function toPieces(bytes: Buffer, form: WireForm): Buffer[] {
  if (form.splitBytes) return Array.from(bytes, (byte) => Buffer.of(byte));
  const wide = form.splitInCharacter ? bytes.findIndex((byte) => byte >= 0xc0) : -1;
  return wide < 0 ? [bytes] : [bytes.subarray(0, wide + 1), bytes.subarray(wide + 1)];
}
