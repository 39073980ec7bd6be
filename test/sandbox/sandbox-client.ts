/** A small caller of the sandbox for its tests. It opens one, speaks to it, and closes it after the test. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/settings.ts';

export const ATTRIBUTION = {
  'x-skill-source': 'batch-video',
  'x-skill-version': '1.0.0',
  'x-skill-platform': 'unknown',
};

/** Whatever came back; tests look into it freely. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

export interface Caller {
  readonly sandbox: OpenSandbox;
  readonly call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  readonly admin: (method: string, path: string, body?: unknown) => Promise<Answer>;
  readonly fault: (name: string, rest?: object) => Promise<void>;
  readonly session: (language?: string) => Promise<string>;
  readonly upload: (sid: string, files: Record<string, Uint8Array | string>) => Promise<Answer>;
  readonly say: (sid: string, text: string) => Promise<Answer>;
  readonly state: (sid: string) => Promise<{ answer: Answer; draftText: string; state: Json }>;
  readonly render: (sid: string, id: string, draftText: string) => Promise<Answer>;
  readonly finished: (id: string) => Promise<Json>;
}

export async function openCaller(t: TestContext, options: SandboxOptions = {}): Promise<Caller> {
  const sandbox = await openSandbox({ timeScale: 0, copy: true, logLevel: 'silent', ...options });
  t.after(() => sandbox.close());
  const headers: Record<string, string> = { ...ATTRIBUTION };
  const call: Caller['call'] = async (method, path, body, extra = {}) => {
    const isJson = body !== undefined && !(body instanceof FormData);
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: { ...headers, ...(isJson ? { 'content-type': 'application/json' } : {}), ...extra },
      ...(body === undefined
        ? {}
        : { body: body instanceof FormData ? body : typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return toAnswer(response);
  };
  const token = await call('POST', '/api/auth/anonymous-token', undefined, { 'x-client-id': 'client-1' });
  headers['authorization'] = `Bearer ${token.json.data.token}`;
  const caller: Caller = {
    sandbox,
    call,
    admin: (method, path, body) => call(method, `/admin${path}`, body),
    fault: async (name, rest = {}) => {
      const answer = await call('POST', '/admin/faults', { name, ...rest });
      assert.equal(answer.status, 201, answer.text);
    },
    session: async (language = 'en') => {
      const made = await call('POST', '/api/tasks/me/with-session/nemo_agent', { task_name: 'project', language });
      return String(made.json.data.session_id);
    },
    upload: (sid, files) => {
      const form = new FormData();
      for (const [name, bytes] of Object.entries(files))
        form.append('files', new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)]), name);
      return call('POST', `/api/upload-video/nemo_agent/me/${sid}`, form);
    },
    say: (sid, text) =>
      call('POST', '/run_sse', {
        app_name: 'nemo_agent',
        user_id: 'me',
        session_id: sid,
        new_message: { parts: [{ text }] },
      }),
    state: async (sid) => {
      const answer = await call('GET', `/api/state/nemo_agent/me/${sid}/latest`);
      return { answer, draftText: cutDraft(answer.text), state: answer.json?.data?.state };
    },
    render: (sid, id, draftText) =>
      call(
        'POST',
        '/api/render/proxy/lambda',
        `{"id":"${id}","sessionId":"${sid}","draft":${draftText},"output":{"format":"mp4","quality":"high"}}`,
      ),
    finished: async (id) =>
      until(async () => {
        const { json } = await call('GET', `/api/render/proxy/lambda/${id}`);
        const view = json.data ?? json;
        return view.status === 'completed' || view.status === 'failed' ? view : null;
      }),
  };
  return caller;
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** The draft's own text inside a state reply: what a render must be sent, digit for digit. */
export function cutDraft(text: string): string {
  const start = text.indexOf('"draft":') + '"draft":'.length;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}' && --depth === 0) return text.slice(start, at + 1);
  }
  return 'null';
}

export async function until<T>(ask: () => Promise<T | null>, limitMs = 10_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (value !== null) return value;
    assert.ok(Date.now() < deadline, 'the condition did not come true in time');
    await wait(10);
  }
}
