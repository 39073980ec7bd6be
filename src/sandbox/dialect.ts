/** Turn event → one block of the event stream (lines, then a blank line), in dialect A, B or C. Pure. */
import type { HeartbeatForm, TurnEvent } from './turn-event.ts';

export type Dialect = 'A' | 'B' | 'C';

/** What dialect B repeats in every event. */
export interface Envelope {
  readonly invocationId: string;
  readonly eventId: string;
  readonly atMs: number;
}

const HEARTBEATS: Record<HeartbeatForm, string> = {
  word: 'data: heartbeat',
  json: 'data: {"type":"heartbeat"}',
  event: 'event: heartbeat\ndata: {}',
  empty: 'data:',
  comment: ': heartbeat',
};
const USUAL_HEARTBEAT: Record<Dialect, HeartbeatForm> = { A: 'json', B: 'comment', C: 'word' };

export function encodeEvent(event: TurnEvent, dialect: Dialect, envelope: Envelope): string {
  if (event.type === 'heartbeat') return `${HEARTBEATS[event.form ?? USUAL_HEARTBEAT[dialect]]}\n\n`;
  if (event.type === 'malformed') return 'data: {"type":"text","content":"unfinis\n\n';
  if (event.type === 'unknown') return unknownBlocks();
  if (event.type === 'error') return `data: ${JSON.stringify(errorOf(event, dialect, envelope))}\n\n`;
  return `data: ${JSON.stringify(bodyOf(event, dialect, envelope))}\n\n`;
}

function unknownBlocks(): string {
  const odd = {
    type: 'progress_ring',
    percent: 40,
    nested: { content: { parts: [{ inlineData: { mimeType: 'x' } }] } },
  };
  return `event: telemetry\nid: 7\nretry: 3000\ndata: ${JSON.stringify(odd)}\n\ndata: [1,2,3]\n\ndata: null\n\n`;
}

type Spoken = Extract<TurnEvent, { type: 'text' | 'thought' | 'tool-call' | 'tool-result' }>;

function errorOf(event: Extract<TurnEvent, { type: 'error' }>, dialect: Dialect, envelope: Envelope): object {
  if (dialect !== 'B') return { error: event.message, code: event.code };
  return { errorCode: String(event.code), errorMessage: event.message, error: event.message, ...tailOf(envelope) };
}

function bodyOf(event: Spoken, dialect: Dialect, envelope: Envelope): object {
  if (dialect === 'A') return flatOf(event);
  if (dialect === 'C') return topLevelOf(event);
  return agentEventOf(event, envelope);
}

function flatOf(event: Spoken): object {
  switch (event.type) {
    case 'text':
      return { type: 'text', content: event.text };
    case 'thought':
      return { type: 'thinking', content: event.text };
    case 'tool-call':
      return { type: 'tool_call', name: event.name, args: event.args };
    case 'tool-result':
      return { type: 'tool_result', name: event.name, result: event.result };
    default:
      return event satisfies never;
  }
}

function topLevelOf(event: Spoken): object {
  if (event.type === 'text') return event.isPartial === true ? { delta: event.text } : { text: event.text };
  if (event.type === 'thought') return { thought: true, status: event.text };
  return { tool: event.name, phase: event.type === 'tool-call' ? 'call' : 'result' };
}

/** An agent-development-kit event: camelCase, no event names. */
function agentEventOf(event: Spoken, envelope: Envelope): object {
  const isResult = event.type === 'tool-result';
  return {
    content: { role: isResult ? 'user' : 'model', parts: [partOf(event, envelope)] },
    ...(event.type === 'text' && event.isPartial === true ? { partial: true } : {}),
    ...(event.type === 'text' && event.isPartial !== true ? { turnComplete: true } : {}),
    ...tailOf(envelope),
  };
}

function tailOf({ invocationId, eventId, atMs }: Envelope): object {
  return { author: 'nemo_agent', invocationId, id: eventId, timestamp: atMs / 1000, actions: { stateDelta: {} } };
}

function partOf(event: Spoken, { invocationId }: Envelope): object {
  switch (event.type) {
    case 'text':
      return { text: event.text };
    case 'thought':
      return { text: event.text, thought: true };
    case 'tool-call':
      return { functionCall: { id: `call_${invocationId}`, name: event.name, args: event.args } };
    case 'tool-result':
      return { functionResponse: { id: `call_${invocationId}`, name: event.name, response: event.result } };
    default:
      return event satisfies never;
  }
}
