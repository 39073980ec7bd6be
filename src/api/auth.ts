/**
 * Who calls: bearer keys, compared in constant time, or a login of the dashboard, and what each may do. Runs before a
 * body is read.
 */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { hashKey, type HashedKey } from '../shared/config/api-keys-file.ts';
import type { Role } from '../shared/config/api-keys.ts';
import type { Keyring } from '../shared/keyring.ts';
import { isCrossSite, isFromPage } from './cross-site.ts';
import { RefusedError } from './refused-error.ts';

export interface Caller {
  readonly tenant: string;
  readonly role: Role;
}

/** A key that is known: who it is of, and its hash, by which a login remembers it. */
export interface KnownKey {
  readonly caller: Caller;
  readonly digest: Buffer;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** Answers without a key. */
    public?: boolean;
  }
}

export interface Auth {
  /** Throws where a request has no key that is known, or may not do what it asks for. */
  readonly authenticate: (request: FastifyRequest) => Promise<Caller>;
  /** Who a login is of; null: nobody, and no reason to refuse. */
  readonly loggedIn: (request: FastifyRequest) => Promise<Caller | null>;
  readonly findKey: (key: string) => KnownKey | null;
  readonly needsKey: boolean;
}

/** Without any key the server only listens on loopback (config refuses anything else). */
const localCaller: Caller = { tenant: 'local', role: 'admin' };
export const nobody: Caller = { tenant: '', role: 'viewer' };

/** `readLogin`: the hash of the key that the request's login was made with; null: it has none. */
export function createAuth(
  keyring: Keyring,
  readLogin: (request: FastifyRequest) => Promise<Buffer | null>,
  now: () => number = Date.now,
): Auth {
  const { needsKey } = keyring;
  const find = (digest: Buffer): KnownKey | null => findKey(keyring.keys(), digest, now());
  const loggedIn = async (request: FastifyRequest): Promise<Caller | null> => {
    if (!needsKey) return localCaller;
    const found = await readLogin(request);
    // A key that was taken away, or has expired, takes its logins along.
    return found === null ? null : (find(found)?.caller ?? null);
  };
  const identify = async (request: FastifyRequest): Promise<Caller> => {
    const given = bearerOf(request.headers.authorization);
    if (given !== null && needsKey) {
      const key = find(hashKey(given));
      if (key === null) throw unauthorized(true);
      return key.caller;
    }
    const caller = await loggedIn(request);
    if (caller === null) throw unauthorized(false);
    refuseForged(request, needsKey);
    return caller;
  };
  return {
    loggedIn,
    needsKey,
    findKey: (key) => find(hashKey(key)),
    authenticate: async (request) => {
      if (request.routeOptions.config.public === true) return nobody;
      const caller = await identify(request);
      if (caller.role === 'viewer' && !isRead(request.method)) {
        throw new RefusedError({ status: 403, code: 'forbidden', detail: 'This key may only read.' });
      }
      return caller;
    },
  };
}

/** A browser sends a cookie, or reaches loopback, for whatever page asks it to; only our own page may act by that. */
function refuseForged(request: FastifyRequest, byCookie: boolean): void {
  if (isRead(request.method)) return;
  if (!isCrossSite(request) && (!byCookie || isFromPage(request))) return;
  throw new RefusedError({
    status: 403,
    code: 'cross_site_request',
    detail: 'A request without a key is taken from the dashboard alone.',
  });
}

/** Looks at every key, found or not: the time taken tells nothing. */
function findKey(keys: readonly HashedKey[], given: Buffer, now: number): KnownKey | null {
  let found: HashedKey | null = null;
  for (const key of keys) if (timingSafeEqual(key.digest, given)) found = key;
  if (found === null || (found.expiresAtMs !== null && found.expiresAtMs <= now)) return null;
  return { caller: { tenant: found.tenant, role: found.role }, digest: found.digest };
}

const bearerOf = (header: string | undefined): string | null => /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? null;

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

const unauthorized = (given: boolean): RefusedError =>
  new RefusedError({
    status: 401,
    code: given ? 'invalid_api_key' : 'missing_api_key',
    detail: given ? 'This API key is not known, or no longer.' : 'Send an API key as "Authorization: Bearer <key>".',
    headers: { 'www-authenticate': 'Bearer' },
  });

/** Admins see all tenants (null), the others their own. */
export const tenantOf = (caller: Caller): string | null => (caller.role === 'admin' ? null : caller.tenant);

export const mayTouch = (caller: Caller, tenant: string): boolean =>
  caller.role === 'admin' || caller.tenant === tenant;
