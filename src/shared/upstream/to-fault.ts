/**
 * The translator from an upstream reply to a fault: pure, table-tested, the only place that knows codes and statuses.
 * It judges by code and status alone; the upstream's words are kept for people.
 */
import { parseRetryAfter } from './retry-after.ts';
import { fieldsOf, isFields, numberField } from './reply-fields.ts';
import type { FaultCode, UpstreamFault } from './types.ts';

/** Which table row a bare 404 or 400 belongs to. */
export type CallScope = 'session' | 'anonymous-token' | 'render' | 'account';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Parsed body; undefined where it is not JSON. */
  readonly json: unknown;
}

const maxDetailLength = 500;
const minSecretLength = 8;

/** What is wrong with the reply, or null where it is a success by code and status. */
export function toFault(answer: Answer, scope: CallScope, secret: string | null, nowMs: number): UpstreamFault | null {
  const code = faultCode(answer, scope);
  return code === null ? null : describeFault(code, answer, secret, nowMs);
}

/** For a reply that passed by code and status but does not hold what the call needs. */
export function senselessAnswer(answer: Answer, secret: string | null, nowMs: number): UpstreamFault {
  return describeFault('server_error', answer, secret, nowMs);
}

function faultCode(answer: Answer, scope: CallScope): FaultCode | null {
  const code = envelopeCode(answer.json);
  // The envelope's code wins over the status; 0 cannot turn a failed request into a success.
  if (code !== null && code !== 0) return codeOf(code, scope);
  if (answer.status >= 400) return statusFault(answer, scope);
  if (answer.status < 200 || answer.status >= 300) return 'server_error'; // a redirect is never followed with the token
  if (answer.json === undefined) return 'server_error';
  const body = fieldsOf(answer.json);
  if (saysNo(body['success'])) return 'rejected';
  return isBareError(body) ? 'server_error' : null;
}

/** Number of the envelope, wherever it stands: `code`, or `error.code` and `detail.code` of nested forms. */
function envelopeCode(json: unknown): number | null {
  const body = fieldsOf(json);
  for (const value of [body['code'], fieldsOf(body['error'])['code'], fieldsOf(body['detail'])['code']]) {
    const code = value === undefined || value === null ? null : numberField.parse(value);
    if (code !== null) return code;
  }
  return null;
}

/** Business codes and HTTP statuses share one table (upstream "Error codes"). */
export function codeOf(code: number, scope: CallScope): FaultCode {
  if (code === 1001 || code === 401) return 'token_invalid';
  if (code === 1002) return 'session_missing';
  if (code === 2001) return 'out_of_credits';
  if (code === 4001 || code === 415) return 'unsupported_file_type';
  if (code === 4002 || code === 413) return 'file_too_large';
  if (code === 402) return 'export_blocked';
  if (code === 403) return 'forbidden';
  if (code === 429) return 'rate_limited';
  if (code === 404) return scope === 'session' ? 'session_unconfirmed' : 'not_found';
  if (code === 400 && scope === 'anonymous-token') return 'client_id_missing';
  if (code === 408 || code === 425 || (code >= 500 && code <= 599)) return 'server_error';
  return 'rejected';
}

/** A page from a proxy says nothing about sessions or requests; limits that proxies keep themselves do count. */
function statusFault(answer: Answer, scope: CallScope): FaultCode {
  const byProxy = isHtml(answer) && ![401, 402, 403, 413, 415, 429].includes(answer.status);
  return byProxy ? 'server_error' : codeOf(answer.status, scope);
}

export function isHtml(answer: Answer): boolean {
  if (answer.json !== undefined) return false; // JSON under a wrong content type
  return (
    /^\s*<(!doctype|html|head|body|center|h1|\?xml|!--)/i.test(answer.text) ||
    headerText(answer, 'content-type').includes('text/html')
  );
}

function saysNo(value: unknown): boolean {
  return value === false || value === 'false';
}

/** `{"error":…}` or `{"detail":…}` and nothing else at HTTP 200. A render's own `error` comes beside its status. */
function isBareError(body: Record<string, unknown>): boolean {
  const said = ['error', 'detail'].some((key) => body[key] !== undefined && body[key] !== null && body[key] !== '');
  return said && !('data' in body) && !('status' in body) && body['success'] !== true;
}

function describeFault(code: FaultCode, answer: Answer, secret: string | null, nowMs: number): UpstreamFault {
  const envelope = envelopeCode(answer.json);
  return {
    code,
    upstreamCode: envelope === null || envelope === 0 ? answer.status : envelope,
    httpStatus: answer.status,
    retryAfterMs: parseRetryAfter(headerText(answer, 'retry-after'), headerText(answer, 'date') || undefined, nowMs),
    detail: cutDetail(errorText(answer), secret),
  };
}

export function cutDetail(text: string, secret: string | null): string {
  return redact(text, secret).slice(0, maxDetailLength);
}

/** Takes out a token that the upstream echoes. Shorter ones are not secrets, and would tear words apart. */
export function redact(text: string, secret: string | null): string {
  return secret === null || secret.length < minSecretLength ? text : text.replaceAll(secret, '[token]');
}

/** The upstream's words out of whatever form they come in; for people only. */
function errorText(answer: Answer): string {
  if (isHtml(answer)) return /<title>([^<]*)<\/title>/i.exec(answer.text)?.[1]?.trim() ?? 'an HTML page';
  const body = answer.json;
  if (!isFields(body)) return answer.text.trim();
  for (const key of ['message', 'msg', 'detail', 'error']) {
    const text = wordsOf(body[key]);
    if (text !== '') return text;
  }
  return wordsOf(fieldsOf(body['data'])['error'] ?? fieldsOf(body['data'])['message']);
}

/** Text out of a string, a list or an object of the usual keys, a few levels deep. */
export function wordsOf(value: unknown, depth = 4): string {
  if (typeof value === 'string') return value.trim();
  if (depth === 0) return '';
  const inner = (item: unknown): string => wordsOf(item, depth - 1);
  if (Array.isArray(value)) return value.map(inner).filter(Boolean).join('; ');
  if (!isFields(value)) return '';
  return inner(value['message'] ?? value['msg'] ?? value['detail'] ?? value['error']);
}

export function headerText(answer: Pick<Answer, 'headers'>, name: string): string {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value[0] : value)?.toLowerCase() ?? '';
}
