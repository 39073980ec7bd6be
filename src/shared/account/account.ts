/**
 * Calls under the account: the one way to the upstream for everything that carries a token. It refuses while the
 * account is paused (in every process, between two calls of one step too), and renews a dead token once for the fleet.
 * What a failure means for a file is not its business.
 */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Keys } from '../redis/keys.ts';
import type { Scripts } from '../redis/scripts.ts';
import type { Upstream } from '../upstream/types.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { openAccountGate, type AccountGate } from './account-gate.ts';
import { readClientId } from './account-id.ts';
import type { Token, TokenSource } from './account-token.ts';
import { noteTokenWorked, readToken, renewToken } from './renew-token.ts';
import { restoreConfigured } from './restore-configured.ts';

export interface Account {
  readonly id: string;
  readonly gate: AccountGate;
  readonly upstream: Upstream;
  readonly token: (signal?: AbortSignal) => Promise<Token>;
  /** Anonymous accounts are topped up by registering them (2001), others where they were made. */
  readonly helpUrl: () => string;
  /** Known once a token was read. */
  readonly kind: () => Token['kind'] | null;
  /** The token of this version was refused; throws where no other can be had. */
  readonly renew: (version: number, signal?: AbortSignal) => Promise<Token>;
  /** A call went through with this token. */
  readonly worked: (token: Token) => Promise<void>;
  /** Takes NEMO_TOKEN again, where an anonymous token stands in for it and it works by now. */
  readonly restore: (signal?: AbortSignal) => Promise<boolean>;
}

/** A token that was replaced a moment ago costs a refusal, and the call is made again with the new one. */
const tokenKeptMs = 1000;

/** The account is paused: nothing was called. */
export class AccountPausedError extends Error {
  override readonly name = 'AccountPausedError';
  readonly code = 'account_paused';
  /** Ms of Redis' clock. */
  readonly until: number;

  constructor(until: number) {
    super('the account is paused');
    this.until = until;
  }
}

export async function openAccount(options: {
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly keys: Keys;
  readonly scripts: Scripts;
  readonly config: Config;
  readonly upstream: Upstream;
  readonly accountId: string;
  readonly log: Logger;
  readonly reach: (point: string) => void;
}): Promise<Account> {
  const { redis, subscriber, keys, config, accountId, upstream } = options;
  const gate = await openAccountGate(options);
  const source: TokenSource = { ...options, clientId: await readClientId(redis, keys, config) };
  let last: Token | null = null;
  let workedVersion: number | null = null;
  const noted = (token: Token): Token => (last = token);
  /** Read from Redis by `until` at the latest; a change of the account's token is published, and ends it at once. */
  let kept: { readonly token: Token; readonly until: number } | null = null;
  subscriber.on('message', (channel: string, message: string) => {
    if (channel === keys.accountChannel() && message === accountId) kept = null;
  });
  const present = async (signal?: AbortSignal): Promise<Token> => {
    const now = gate.redisNow();
    if (kept !== null && now < kept.until) return kept.token;
    const token = noted(await readToken(source, now, signal));
    kept = { token, until: Math.min(now + tokenKeptMs, token.expiresAt ?? Infinity) };
    return token;
  };
  return {
    id: accountId,
    gate,
    upstream,
    token: present,
    renew: async (version, signal) => {
      kept = null;
      return noted(await renewToken(source, version, gate.redisNow(), signal));
    },
    worked: async (token) => {
      if (token.version === workedVersion) return;
      workedVersion = token.version;
      await noteTokenWorked(source, token);
    },
    restore: (signal) => restoreConfigured(source, signal),
    helpUrl: () => helpUrlOf(upstream.webUrl, last),
    kind: () => last?.kind ?? null,
  };
}

/** Seed: "anonymous users get a registration link with ?bind=<id>, registered users top up". */
function helpUrlOf(webUrl: string, token: Token | null): string {
  return token?.kind === 'anonymous' && token.userId !== null
    ? `${webUrl}/register?bind=${encodeURIComponent(token.userId)}`
    : webUrl;
}

/** One call with the account's token. A token that is refused is renewed and the call made once more (1001, 401). */
export async function callWithToken<T>(
  account: Account,
  call: (token: string) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  assertOpen(account);
  const token = await account.token(signal);
  try {
    return await callOnce(account, token, call);
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.fault.code !== 'token_invalid') throw error;
    return await callOnce(account, await account.renew(token.version, signal), call);
  }
}

/** The account may have been paused while its token was waited for. */
async function callOnce<T>(account: Account, token: Token, call: (token: string) => Promise<T>): Promise<T> {
  assertOpen(account);
  const result = await call(token.value);
  await account.worked(token);
  return result;
}

export function assertOpen(account: Account): void {
  if (account.gate.pausedMs() > 0) throw new AccountPausedError(account.gate.view().until);
}
