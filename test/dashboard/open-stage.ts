/** What the dashboard is tried on: the whole service and a sandbox, with keys of each role, and batches of every kind. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorld, type World } from '../end-to-end/open-world.ts';

export const keys = { viewer: 'key-of-a-viewer', operator: 'key-of-an-operator', admin: 'key-of-an-admin' } as const;
export type Role = keyof typeof keys;

export interface Stage {
  readonly world: World;
  readonly api: string;
  readonly receiver: { readonly url: string; answer: number };
  readonly post: <T>(path: string, body: object, role?: Role) => Promise<T>;
  readonly get: <T>(path: string, role?: Role) => Promise<T>;
  /** Id of a clip that was uploaded by that role's tenant. */
  readonly upload: (role: Role) => Promise<string>;
  readonly close: () => Promise<void>;
}

const apiKeys = [`acme:${keys.viewer}:viewer`, `acme:${keys.operator}:operator`, `ops:${keys.admin}:admin`].join(',');

export async function openStage(
  options: {
    readonly timeScale?: number;
    /** False: the sandbox really edits. */
    readonly copy?: boolean;
    readonly environment?: Record<string, string>;
  } = {},
): Promise<Stage> {
  const world = await openWorld({
    sandbox: { timeScale: options.timeScale ?? 0, copy: options.copy ?? true, credits: 100_000 },
    environment: { API_KEYS: apiKeys, WEBHOOK_RETRY_MS: '0,600000', RENDER_MAX_POLLS: '1000', ...options.environment },
  });
  const receiver = { url: '', answer: 200 };
  const server = await openReceiver(receiver);
  const folder = await mkdtemp(join(tmpdir(), 'bv-stage-'));
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 320, height: 180, label: 'stage' });
  const bytes = await readFile(clip);
  const call = async <T>(
    path: string,
    role: Role,
    init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> },
  ): Promise<T> => {
    const headers = { authorization: `Bearer ${keys[role]}`, ...init.headers };
    const response = await fetch(`${world.api}${path}`, { ...init, headers });
    const text = await response.text();
    assert.ok(response.ok, `${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    world,
    api: world.api,
    receiver,
    get: (path, role = 'operator') => call(path, role, {}),
    post: (path, body, role = 'operator') =>
      call(path, role, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    upload: async (role) => {
      const init = { method: 'POST', body: new Uint8Array(bytes), headers: { 'content-type': 'video/mp4' } };
      const { id } = await call<{ id: string }>('/uploads?name=clip.mp4', role, init);
      return id;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await world.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Takes webhooks, or refuses them, as it is told. */
async function openReceiver(receiver: { url: string; answer: number }): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(receiver.answer).end(receiver.answer === 200 ? 'ok' : 'not today'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return server;
}

/** Names as callers give them: a script, right to left, long, in pictures. */
export const hardNames = [
  '<script>alert(1)<img src=x onerror=alert(2)>.mp4',
  'مقطع فيديو للحملة الربيعية ‏(نسخة نهائية).mp4',
  `${'a-very-long-name-without-any-blank-'.repeat(5)}0123456789012345.mp4`,
  '🎬✨ 春季广告 – Frühling.mp4',
];
