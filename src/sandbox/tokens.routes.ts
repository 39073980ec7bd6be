/** Anonymous tokens and the balance. */
import type { FastifyInstance } from 'fastify';
import type { Sandbox } from './context.ts';
import { takeFault } from './faults.ts';
import { Refusal } from './refusal.ts';
import type { Account, Token } from './store.ts';

/** Seed: "100 free credits valid for 7 days"; also the weekly quota's week (vendor). */
const TOKEN_LIFE_MS = 7 * 24 * 3600 * 1000;

export function addTokenRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.post('/api/auth/anonymous-token', { config: { endpoint: 'anonymous-token' } }, async (request) => {
    const clientId = request.headers['x-client-id'];
    const isRefused = request.call !== null && takeFault(sandbox.faults, request.call, 'client-id-refused') !== null;
    if (typeof clientId !== 'string' || clientId.trim() === '' || isRefused)
      throw new Refusal(400, 'X-Client-Id header is required');
    await sandbox.clock.sleep(sandbox.random.between(100, 400));
    const token = issueAnonymous(sandbox, clientId);
    return {
      code: 0,
      data: {
        token: token.token,
        credits: token.account.available,
        user_id: token.account.id,
        expires_at: new Date(token.expiresAtMs).toISOString(),
      },
    };
  });

  app.get('/api/credits/balance/simple', { config: { endpoint: 'credits' } }, async (request) => {
    const account = request.call?.token?.account;
    if (account === undefined) throw new Refusal(1001, 'token expired or invalid');
    const { available, frozen } = account;
    return { code: 0, data: { available, frozen, total: available + frozen } };
  });
}

function issueAnonymous(sandbox: Sandbox, clientId: string): Token {
  const now = sandbox.clock.now();
  const known = sandbox.store.accounts.get(clientId);
  const isWithinWeek = known !== undefined && known.tokensIssued > 0 && now - known.grantedAtMs < TOKEN_LIFE_MS;
  if (sandbox.settings.weeklyQuota && isWithinWeek) {
    throw new Refusal(429, 'weekly quota reached: one anonymous token per client in 7 days');
  }
  const account = known ?? createAccount(sandbox, clientId);
  // A new grant comes with the new week; a token renewed before keeps the balance it had.
  if (!isWithinWeek) Object.assign(account, { available: sandbox.settings.credits, grantedAtMs: now });
  return addToken(sandbox, account, `nmv_usr_${sandbox.random.hex(32)}`, now + TOKEN_LIFE_MS);
}

function createAccount(sandbox: Sandbox, clientId: string): Account {
  const account: Account = {
    id: `anon_${sandbox.random.hex(12)}`,
    clientId,
    available: 0,
    frozen: 0,
    grantedAtMs: 0,
    tokensIssued: 0,
  };
  sandbox.store.accounts.set(clientId, account);
  return account;
}

/** A registered token, from the command line or the admin: it never expires by itself. */
export function addRegistered(sandbox: Sandbox, token: string, credits: number): Token {
  const account: Account = {
    id: `user_${token}`,
    clientId: null,
    available: credits,
    frozen: 0,
    grantedAtMs: 0,
    tokensIssued: 0,
  };
  sandbox.store.accounts.set(`registered:${token}`, account);
  return addToken(sandbox, account, token, Number.MAX_SAFE_INTEGER);
}

function addToken(sandbox: Sandbox, account: Account, text: string, expiresAtMs: number): Token {
  account.tokensIssued += 1;
  const token: Token = { token: text, account, version: account.tokensIssued, expiresAtMs };
  sandbox.store.tokens.set(text, token);
  const { id, clientId } = account;
  sandbox.ledger.tokens.push({ token: text, clientId, account: id, at: sandbox.clock.now() });
  return token;
}
