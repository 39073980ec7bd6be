/**
 * Logins of the dashboard: a random token in a cookie that no script can read, and in Redis, under the token's hash, the
 * hash of the API key it was made with. The key itself is kept nowhere.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../shared/context.ts';

const cookieName = 'batch_video_login';
/** From the last request on: a shift. */
const idleSeconds = 12 * 3600;
const tokenBytes = 32;
const tokenForm = /^[\w-]{43}$/;

const nameOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const tokenOf = (request: FastifyRequest): string | null => {
  const token = request.cookies[cookieName];
  return token !== undefined && tokenForm.test(token) ? token : null;
};

export async function readLogin(ctx: Context, request: FastifyRequest): Promise<Buffer | null> {
  const token = tokenOf(request);
  if (token === null) return null;
  const digest = await ctx.redis.getex(ctx.keys.login(nameOf(token)), 'EX', idleSeconds);
  return digest === null ? null : Buffer.from(digest, 'hex');
}

export async function openLogin(
  ctx: Context,
  { request, reply, keyDigest }: { request: FastifyRequest; reply: FastifyReply; keyDigest: Buffer },
): Promise<void> {
  const token = randomBytes(tokenBytes).toString('base64url');
  await ctx.redis.set(ctx.keys.login(nameOf(token)), keyDigest.toString('hex'), 'EX', idleSeconds);
  reply.setCookie(cookieName, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: isHttps(ctx, request),
  });
}

export async function closeLogin(ctx: Context, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const token = tokenOf(request);
  if (token !== null) await ctx.redis.del(ctx.keys.login(nameOf(token)));
  reply.clearCookie(cookieName, { path: '/', httpOnly: true, sameSite: 'strict', secure: isHttps(ctx, request) });
}

/** TLS ends at a proxy in front. Believing its header can only make the cookie stricter. */
const isHttps = (ctx: Context, request: FastifyRequest): boolean =>
  ctx.config.publicUrl?.startsWith('https:') === true ||
  request.protocol === 'https' ||
  request.headers['x-forwarded-proto'] === 'https';

/** Guessing keys through the form is slowed down: so many wrong ones a minute and address, in this process. */
const mostWrong = 10;
const minuteMs = 60_000;

export interface WrongKeys {
  readonly tooMany: (address: string) => boolean;
  readonly count: (address: string) => void;
}

export function createWrongKeys(now: () => number = () => performance.now()): WrongKeys {
  let counts = new Map<string, number>();
  let since = now();
  const current = (): Map<string, number> => {
    if (now() - since > minuteMs) [counts, since] = [new Map(), now()];
    return counts;
  };
  return {
    tooMany: (address) => (current().get(address) ?? 0) >= mostWrong,
    count: (address) => void current().set(address, (current().get(address) ?? 0) + 1),
  };
}
