/** Asks a real service over real HTTP and keeps what was sent and answered, under a name, as examples. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import type { Examples } from '../../src/api/add-examples.ts';
import { createSteady } from './steady.ts';

export interface Ask {
  /** As in the document: `post /batches/{id}/cancel`. */
  readonly operation: string;
  /** By name of the parameter. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly as?: string;
  readonly body?: unknown;
  /** Sent as it is, and no example of a request. */
  readonly rawBody?: string | Buffer;
  /** Announced, and never sent. */
  readonly bytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string | null;
  readonly address?: string;
  readonly status: number;
  /** May come instead, and is not kept then. */
  readonly or?: number;
  /** Others that refuse in the same words; `*`: all, `post *`: all of that method, where they have that status. */
  readonly also?: readonly string[];
}

export interface Recorder {
  readonly ask: (ask: Ask) => Promise<ReturnType<typeof JSON.parse>>;
  readonly examples: () => Examples;
}

export function createRecorder(address: string, key: string, hosts: ReadonlyMap<string, string>): Recorder {
  const steady = createSteady(hosts);
  const kept: { operations: Examples['operations']; problems: Examples['problems'] } = { operations: {}, problems: {} };

  const keep = (ask: Ask, status: number, answer: unknown): void => {
    const { operation, as = 'example', body, also = [] } = ask;
    if (status >= 400 && isProblem(answer)) {
      const name = ask.as ?? answer.code;
      const at = [...new Set([...(kept.problems[name]?.at ?? []), operation, ...also])];
      kept.problems[name] ??= { at, value: steady(answer) };
      kept.problems[name] = { ...kept.problems[name], at };
      return;
    }
    const { request = {}, answers = {} } = kept.operations[operation] ?? {};
    if (body !== undefined) request[as] = steady(body);
    answers[status] = { ...answers[status], [as]: steady(answer) };
    kept.operations[operation] = { ...(Object.keys(request).length === 0 ? {} : { request }), answers };
  };

  const ask: Recorder['ask'] = async (one) => {
    const [method = '', pattern = ''] = one.operation.split(' ');
    const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => one.path?.[name] ?? 'none');
    const { body, rawBody } = one;
    const wanted = one.key === undefined ? key : one.key;
    const headers = {
      ...(wanted === null ? {} : { authorization: `Bearer ${wanted}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...one.headers,
    };
    const sent = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    const url = `${one.address ?? address}${path}${one.query ?? ''}`;
    const { status, type, text } = await (one.bytes === undefined
      ? send(url, { method: method.toUpperCase(), headers, ...(sent === undefined ? {} : { body: sent }) })
      : announce(url, { ...headers, 'content-length': String(one.bytes) }));
    if (status === one.or) return null;
    assert.equal(status, one.status, `${one.operation}: ${text.slice(0, 500)}`);
    const isLines = type === 'application/x-ndjson';
    const answer: unknown = JSON.parse(isLines ? (text.split('\n')[0] ?? '') : text);
    keep(one, status, answer);
    return answer;
  };
  return { ask, examples: () => kept };
}

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

async function send(url: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(url, init);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

/** Is refused for what it says that it will send. */
function announce(url: string, headers: Readonly<Record<string, string>>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers }, (response) => {
      const status = response.statusCode ?? 0;
      const take = (text: string): void => resolve({ status, type: response.headers['content-type'] ?? null, text });
      textOf(response)
        .then(take, reject)
        .finally(() => asked.destroy());
    });
    asked.once('error', reject);
    asked.flushHeaders();
  });
}

const isProblem = (answer: unknown): answer is Examples['problems'][string]['value'] & { code: string } =>
  typeof answer === 'object' && answer !== null && 'code' in answer && 'request_id' in answer;
