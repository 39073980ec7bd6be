/**
 * Reads one event of a turn's stream in any of the three dialects (upstream, "POST /run_sse"). Pure. What it does not
 * know is `other`: a sign that the upstream works, and nothing else.
 */
import { parseJson } from './parse-json.ts';
import { fieldsOf, isFields, numberField, textField, type Fields } from './reply-fields.ts';
import { wordsOf } from './to-fault.ts';

export type TurnSignal =
  | { readonly type: 'heartbeat' }
  | { readonly type: 'other' }
  /** Text that follows what came before. */
  | { readonly type: 'piece'; readonly text: string }
  /** Text that an aggregated event will repeat. */
  | { readonly type: 'partial'; readonly text: string }
  /** Text of an event of its own, which may repeat the partial ones before it. */
  | { readonly type: 'whole'; readonly text: string }
  /** Text of a dialect that says neither: a repeat where partial text is open, else the next piece. */
  | { readonly type: 'loose'; readonly text: string }
  | { readonly type: 'tool'; readonly name: string; readonly id: string | null; readonly partial: boolean }
  | { readonly type: 'error'; readonly code: number | null; readonly detail: string };

export function readTurnEvent(eventName: string | undefined, data: string): readonly TurnSignal[] {
  const text = data.trim();
  if (isHeartbeat(eventName, text)) return [{ type: 'heartbeat' }];
  const json = jsonOf(text);
  if (eventName === 'error') return [readError(fieldsOf(json), text)];
  if (!isFields(json)) return [{ type: json === 'heartbeat' ? 'heartbeat' : 'other' }];
  const type = json['type'];
  if (type === 'heartbeat' || type === 'ping') return [{ type: 'heartbeat' }];
  const error = type === 'error' || saysError(json) ? [readError(json, text)] : [];
  const isKit = isFields(json['content']) && type !== 'tool_call';
  const content = isKit ? readParts(json, fieldsOf(json['content'])) : readFlat(json);
  const signals = [...error, ...(error.length > 0 && type === 'error' ? [] : content)];
  return signals.length > 0 ? signals : [{ type: 'other' }];
}

function isHeartbeat(eventName: string | undefined, text: string): boolean {
  return text === '' || /^(heartbeat|ping)$/i.test(text) || /^(heartbeat|ping)$/i.test(eventName ?? '');
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return null; // a malformed line is skipped; the state tells what happened
  }
}

/** Dialects A (`type` and `content`) and C (`text` or `delta` at the top). */
function readFlat(json: Fields): readonly TurnSignal[] {
  const type = json['type'];
  if (type === 'tool_call') return toolCall(json, json, false);
  // Dialect C names its tool at the top. A call that is missed would settle too early, before a late stage is there.
  if (typeof json['tool'] === 'string')
    return json['phase'] === 'result' ? [] : toolCall({ ...json, name: json['tool'] }, json, false);
  if (type === 'thought' || type === 'tool_result' || json['thought'] === true || json['author'] === 'user') return [];
  if (typeof json['content'] === 'string' && (type === 'text' || type === undefined)) {
    return textSignal('piece', json['content']);
  }
  const delta = json['delta'];
  if (typeof delta === 'string') return textSignal('partial', delta);
  if (isFields(delta)) return textSignal('partial', delta['text'] ?? delta['content']);
  return textSignal(json['partial'] === true ? 'partial' : 'loose', json['text']);
}

/** Dialect B: events of the agent development kit, in camelCase; snake_case is read as well. */
function readParts(json: Fields, content: Fields): readonly TurnSignal[] {
  if (content['role'] === 'user' && json['author'] !== 'nemo_agent') return []; // an echo, or a tool's response
  const parts = Array.isArray(content['parts']) ? content['parts'].map(fieldsOf) : [];
  const partial = json['partial'] === true;
  const texts = parts.filter((part) => part['thought'] !== true).map((part) => part['text']);
  const text = texts.filter((item) => typeof item === 'string').join('');
  const calls = parts.flatMap((part) => {
    const call = part['functionCall'] ?? part['function_call'];
    return isFields(call) ? toolCall(call, json, partial) : [];
  });
  return [...textSignal(partial ? 'partial' : 'whole', text), ...calls];
}

function toolCall(call: Fields, json: Fields, partial: boolean): readonly TurnSignal[] {
  const name = textField.parse(call['name'] ?? fieldsOf(json['content'])['name'] ?? null);
  if (name === null) return [];
  return [{ type: 'tool', name: name.slice(0, 200), id: textField.parse(call['id'] ?? null), partial }];
}

function textSignal(type: 'piece' | 'partial' | 'whole' | 'loose', text: unknown): readonly TurnSignal[] {
  return typeof text === 'string' && text !== '' ? [{ type, text }] : [];
}

function saysError(json: Fields): boolean {
  const said = ['error', 'errorCode', 'error_code', 'errorMessage', 'error_message'].map((key) => json[key]);
  const code = numberField.parse(json['code'] ?? null);
  return (
    said.some((value) => Boolean(value) && value !== '0') ||
    (code !== null && code !== 0 && code !== 200) ||
    json['success'] === false
  );
}

function readError(json: Fields, text: string): TurnSignal {
  const error = fieldsOf(json['error']);
  const codes = [json['errorCode'], json['error_code'], json['code'], error['code']];
  const code = codes.map((value) => numberField.parse(value ?? null)).find((value) => value !== null && value !== 0);
  const words = [
    json['errorMessage'],
    json['error_message'],
    json['error'],
    json['message'],
    json['content'],
    json['detail'],
    json['errorCode'],
  ];
  return {
    type: 'error',
    code: code ?? null,
    detail: words.map((value) => wordsOf(value)).find((said) => said !== '') ?? text,
  };
}
