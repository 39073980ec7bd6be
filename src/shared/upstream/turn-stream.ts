/**
 * Bytes of a turn's stream in, progress and the outcome out. It knows nothing of connections and clocks. A line split
 * at any byte, a damaged one, an unknown type: nothing here throws.
 */
import { createParser } from 'eventsource-parser';
import { dropTemporaryIssue } from './drop-temporary-issue.ts';
import { maxBytes } from './timeouts.ts';
import { codeOf, cutDetail, redact } from './to-fault.ts';
import { readTurnEvent, type TurnSignal } from './turn-event.ts';
import { createTurnReply } from './turn-reply.ts';
import type { TurnProgress, UpstreamFault } from './types.ts';

export interface TurnStream {
  /** True where the bytes held more than signs of life. */
  readonly feed: (bytes: Uint8Array) => boolean;
  /** Takes in what had no final blank line. */
  readonly finish: () => void;
  readonly outcome: () => {
    readonly reply: string;
    readonly tools: readonly string[];
    readonly error: UpstreamFault | null;
  };
}

export function createTurnStream(onProgress: (progress: TurnProgress) => void, secret: string): TurnStream {
  const reply = createTurnReply();
  const decoder = new TextDecoder();
  let error: UpstreamFault | null = null;
  let active = false;
  let heard = false;

  const take = (signal: TurnSignal): void => {
    heard = true;
    active ||= signal.type !== 'heartbeat';
    if (signal.type === 'heartbeat') onProgress({ type: 'heartbeat' });
    else if (signal.type === 'error') error ??= toStreamFault(signal, secret);
    else if (signal.type === 'tool') {
      if (reply.addTool(signal)) onProgress({ type: 'tool', name: signal.name });
    } else if (signal.type !== 'other') {
      const text = reply.add(signal);
      if (text !== '') onProgress({ type: 'text', text });
    }
  };
  const parser = createCappedParser((event, data) => readTurnEvent(event, data).forEach(take));
  const feedText = (text: string): boolean => {
    active = false;
    heard = false;
    parser(text);
    // Comments, a bare word, `event: heartbeat` without data: lines that make no event are signs of life.
    if (!heard && /[\r\n]/.test(text)) onProgress({ type: 'heartbeat' });
    return active;
  };
  return {
    feed: (bytes) => feedText(decoder.decode(bytes, { stream: true })),
    finish: () => {
      feedText(`${decoder.decode()}\n\n`);
    },
    outcome: () => ({
      reply: redact(dropTemporaryIssue(reply.text()), secret),
      tools: reply.tools(),
      error,
    }),
  };
}

/** An event larger than the limit is skipped up to the next blank line; the parser would refuse everything after it. */
function createCappedParser(onEvent: (event: string | undefined, data: string) => void): (text: string) => void {
  let overflowed = false;
  let tail = '';
  const parser = createParser({
    maxBufferSize: maxBytes.turnEvent,
    onEvent: ({ event, data }) => onEvent(event, data),
    onError: ({ type }) => {
      overflowed ||= type === 'max-buffer-size-exceeded';
    },
  });
  return (text) => {
    if (!overflowed) {
      parser.feed(text);
      return;
    }
    const seen = tail + text;
    const end = /\n\n|\r\r|\r\n\r\n/.exec(seen);
    tail = seen.slice(-3); // a blank line may be split between two chunks
    if (end === null) return;
    overflowed = false;
    tail = '';
    parser.reset();
    parser.feed(seen.slice(end.index + end[0].length));
  };
}

function toStreamFault(signal: Extract<TurnSignal, { type: 'error' }>, secret: string): UpstreamFault {
  return {
    code: signal.code === null ? 'server_error' : codeOf(signal.code, 'session'),
    upstreamCode: signal.code,
    httpStatus: 200,
    retryAfterMs: null,
    detail: cutDetail(signal.detail, secret),
  };
}
