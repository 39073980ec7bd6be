/**
 * The answer to a turn: an event stream, decoded as it comes, or something else, collected and judged at its end. A
 * refusal counts only where there is no event stream: inside one, the turn has been taken.
 */
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Transform } from 'node:stream';
import { toAnswer } from './call.ts';
import { decodeBody } from './read-body.ts';
import { maxBytes } from './timeouts.ts';
import { headerText, senselessAnswer, toFault, type Answer } from './to-fault.ts';
import { createTurnStream, type TurnStream } from './turn-stream.ts';
import type { FaultCode, TurnEnd, TurnProgress, UpstreamFault } from './types.ts';

export type Ended = Extract<TurnEnd, { kind: 'ended' }>['end'];

export interface TurnAnswer {
  readonly isStream: boolean;
  readonly feed: (chunk: Buffer) => void;
  /** The HTTP message has ended properly. */
  readonly end: () => void;
  readonly outcome: (end: Ended) => TurnEnd;
}

export interface TurnAnswerInput {
  readonly status: number;
  readonly headers: Answer['headers'];
  readonly secret: string;
  readonly onProgress: (progress: TurnProgress) => void;
  readonly onActivity: () => void;
  /** Called once the answer is complete, or has become unreadable. */
  readonly onEnd: (end: Ended) => void;
}

export function createTurnAnswer(input: TurnAnswerInput): TurnAnswer {
  const isStream = headerText(input, 'content-type').startsWith('text/event-stream') && input.status < 300;
  return isStream ? createStreamAnswer(input) : createPlainAnswer(input);
}

function createStreamAnswer(input: TurnAnswerInput): TurnAnswer {
  const stream = createTurnStream(input.onProgress, input.secret);
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > maxBytes.turnStream) input.onEnd('cut');
    else if (stream.feed(chunk)) input.onActivity();
  };
  // Without a length or chunks the end of the message cannot be told from a cut.
  const complete = (): void => input.onEnd(isFramed(input) ? 'closed' : 'cut');
  const decoder = createDecoder(headerText(input, 'content-encoding'));
  decoder?.on('data', take);
  decoder?.on('end', complete);
  decoder?.on('error', () => input.onEnd('cut')); // half a compressed stream is a cut, whatever HTTP says
  return {
    isStream: true,
    feed: (chunk) => {
      if (decoder === null) take(chunk);
      else decoder.write(chunk);
    },
    end: () => {
      if (decoder === null) complete();
      else decoder.end();
    },
    outcome: (end) => {
      decoder?.destroy();
      return streamOutcome(stream, end);
    },
  };
}

function streamOutcome(stream: TurnStream, end: Ended): TurnEnd {
  stream.finish();
  return { kind: 'ended', end, ...stream.outcome() };
}

function isFramed(input: TurnAnswerInput): boolean {
  return headerText(input, 'content-length') !== '' || headerText(input, 'transfer-encoding').includes('chunked');
}

function createDecoder(encoding: string): Transform | null {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  return encoding === 'br' ? createBrotliDecompress() : null;
}

function createPlainAnswer(input: TurnAnswerInput): TurnAnswer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let text: string | null = null;
  const decode = async (): Promise<void> => {
    text = await decodeBody(Buffer.concat(chunks), headerText(input, 'content-encoding'), maxBytes.reply);
    input.onEnd('no-stream');
  };
  return {
    isStream: false,
    feed: (chunk) => {
      bytes += chunk.length;
      if (bytes > maxBytes.reply) input.onEnd('no-stream');
      else chunks.push(chunk);
    },
    end: () => {
      void decode();
    },
    outcome: (end) => plainOutcome(toAnswer(input.status, input.headers, text), end, input.secret),
  };
}

/** Codes that prove that the turn was not taken (design §4 (6)). A 404 without 1002 is not among them. */
const refusals: ReadonlySet<FaultCode> = new Set([
  'rate_limited',
  'token_invalid',
  'session_missing',
  'out_of_credits',
  'export_blocked',
  'forbidden',
] satisfies FaultCode[]);

function plainOutcome(answer: Answer, end: Ended, secret: string): TurnEnd {
  const error: UpstreamFault =
    toFault(answer, 'session', secret, Date.now()) ?? senselessAnswer(answer, secret, Date.now());
  const isEventStream = headerText(answer, 'content-type').startsWith('text/event-stream');
  if (refusals.has(error.code) && !isEventStream) return { kind: 'refused', error };
  return { kind: 'ended', end: end === 'closed' || end === 'cut' ? 'no-stream' : end, reply: '', tools: [], error };
}
