/** The service as a process of its own, with an embedded Redis, so that it can be killed like one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

export interface ServicePlan {
  readonly dataDir: string;
  readonly upstream: string;
  readonly token: string;
}

/** Whatever waits does so briefly, but for what is to stay as it is: parked files, pending webhooks, and all of it. */
const settings = {
  PORT: '0',
  EDIT_SETTLE_MS: '50',
  RENDER_POLL_MS: '100',
  RENDER_MAX_POLLS: '100000',
  SWEEP_MS: '500',
  SOURCE_ALLOW_PRIVATE: 'true',
  WEBHOOK_ALLOW_PRIVATE: 'true',
  WEBHOOK_RETRY_MS: '0,60000,60000',
  CREDITS_RECHECK_MS: '3600000',
  // A snapshot is read years later.
  RETENTION_DAYS: '36500',
};

export async function startService({ dataDir, upstream, token }: ServicePlan) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts')], {
    env: { PATH: process.env['PATH'], ...settings, DATA_DIR: dataDir, NEMO_API_URL: upstream, NEMO_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once('exit', (code) => reject(new Error(`the service ended (${code})`)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes('"msg":"listening"')) resolve((JSON.parse(line) as { address: string }).address);
  });
  const kill = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { address: await promise, kill };
}
