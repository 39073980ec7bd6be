/** A place for tests of shutdown: a sandbox whose turns do not end by themselves, and processes on one Redis. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox } from '../../src/sandbox/sandbox.ts';
import { startService, type Started } from '../processes.ts';
import { newPrefix, openTestRedis, type TestRedis } from '../redis-server.ts';
import { postBatch, serveClips, until } from './world.ts';

export interface ClosingPlace {
  readonly redis: TestRedis;
  readonly prefix: string;
  readonly folder: string;
  /** A process of all parts, on the Redis and the prefix of this place. */
  readonly start: () => Promise<Started>;
  /** Posts a batch of one file and waits until its turn, which says nothing but heartbeats, is open. */
  readonly openTurn: (api: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function openClosingPlace(drainMs: number): Promise<ClosingPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-closing-'));
  const redis = await openTestRedis();
  const sandbox = await openSandbox({ timeScale: 0, copy: true, credits: 1000, logLevel: 'silent' });
  // Nothing is rendered here, so any bytes will do.
  const clips = await serveClips(Buffer.alloc(1000));
  const prefix = newPrefix();
  const places = { REDIS_URL: redis.url, REDIS_PREFIX: prefix, DATA_DIR: folder, NEMO_API_URL: sandbox.url };
  const turns = () => sandbox.ledger().sessions.flatMap((session) => session.turns);
  return {
    redis,
    prefix,
    folder,
    start: () => startService('all', { ...places, DRAIN_MS: String(drainMs) }),
    openTurn: async (api) => {
      const { length } = turns();
      await fetch(`${sandbox.url}/admin/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'heartbeats-only', params: { everyMs: 50, apply: false } }),
      });
      const { id } = await postBatch(api, { instructions: ['mute'], files: [{ source: { url: clips.url('a.mp4') } }] });
      await until('the turn is open', async () => (turns().length > length ? true : null));
      return id;
    },
    close: async () => {
      clips.close();
      await sandbox.close();
      await redis.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** For as long as nothing else is told: status and body of one request. */
export async function ask(url: string, init?: RequestInit): Promise<{ status: number; code: string | undefined }> {
  const response = await fetch(url, init);
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, code };
}

export const untilNotReady = (api: string): Promise<true> =>
  until('it is not ready', async () => ((await ask(`${api}/readyz`)).status === 503 ? true : null));
