/** Several contexts ("processes") on one Redis, and a sandbox that tells what it was asked. */
import { setTimeout as delay } from 'node:timers/promises';
import { openSandbox, type OpenSandbox } from '../../../src/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../../src/sandbox/settings.ts';
import { callWithToken } from '../../../src/shared/account/account.ts';
import type { Context } from '../../../src/shared/context.ts';
import { readBalance } from '../../../src/shared/upstream/read-balance.ts';
import type { Balance } from '../../../src/shared/upstream/types.ts';
import { openTestContext, type TestContext } from '../../open-test-context.ts';
import { newPrefix, type TestRedis } from '../../redis-server.ts';

export interface AccountWorld {
  readonly sandbox: OpenSandbox;
  readonly contexts: readonly Context[];
  /** How often the upstream was asked for a token. */
  readonly asked: () => number;
  readonly close: () => Promise<void>;
}

export async function openAccountWorld(
  redis: TestRedis,
  options: {
    readonly processes?: number;
    readonly sandbox?: SandboxOptions;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<AccountWorld> {
  const sandbox = await openSandbox({ timeScale: 0, logLevel: 'silent', ...options.sandbox });
  const environment = { NEMO_API_URL: sandbox.url, REDIS_PREFIX: newPrefix(), ...options.environment };
  const opened: TestContext[] = [];
  for (let at = 0; at < (options.processes ?? 1); at += 1) {
    opened.push(await openTestContext(redis.socketPath, environment));
  }
  return {
    sandbox,
    contexts: opened.map(({ ctx }) => ctx),
    asked: () => sandbox.ledger().calls.filter(({ endpoint }) => endpoint === 'anonymous-token').length,
    close: async () => {
      for (const { close } of opened) await close();
      await sandbox.close();
    },
  };
}

export const balanceOf = (ctx: Context): Promise<Balance> =>
  callWithToken(ctx.account, (token) => readBalance(ctx.account.upstream, token));

export async function admin(sandbox: OpenSandbox, path: string, body: object): Promise<void> {
  const response = await fetch(`${sandbox.url}/admin/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** What the promises ended in, as one word each. */
export async function outcomes(promises: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as Error).name));
}

export async function untilTrue(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 5000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await delay(10);
  }
}
