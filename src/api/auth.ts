/**
 * Who calls: bearer keys, compared in constant time, or a login of the dashboard, and what each may do. Runs before a
 * body is read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { ApiKey, Role } from '../shared/config/api-keys.ts';
import { isCrossSite, isFromPage } from './cross-site.ts';
import { RefusedError } from './refused-error.ts';

export interface Caller {
  /** The name of its key. */
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

/** Without API_KEYS the server only listens on loopback (config refuses anything else). */
const localCaller: Caller = { tenant: 'local', role: 'admin' };
export const nobody: Caller = { tenant: '', role: 'viewer' };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** `readLogin`: the hash of the key that the request's login was made with; null: it has none. */
export function createAuth(
  keys: readonly ApiKey[],
  readLogin: (request: FastifyRequest) => Promise<Buffer | null>,
): Auth {
  const known = keys.map((key) => ({ caller: { tenant: key.name, role: key.role }, digest: digest(key.key) }));
  const loggedIn = async (request: FastifyRequest): Promise<Caller | null> => {
    if (known.length === 0) return localCaller;
    const found = await readLogin(request);
    // A key that was taken out of API_KEYS takes its logins along.
    return found === null ? null : (findKey(known, found)?.caller ?? null);
  };
  const identify = async (request: FastifyRequest): Promise<Caller> => {
    const given = bearerOf(request.headers.authorization);
    if (given !== null && known.length > 0) {
      const key = findKey(known, digest(given));
      if (key === null) throw unauthorized(true);
      return key.caller;
    }
    const caller = await loggedIn(request);
    if (caller === null) throw unauthorized(false);
    refuseForged(request, known.length > 0);
    return caller;
  };
  return {
    loggedIn,
    needsKey: known.length > 0,
    findKey: (key) => findKey(known, digest(key)),
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
function findKey(known: readonly KnownKey[], given: Buffer): KnownKey | null {
  let found: KnownKey | null = null;
  for (const key of known) if (timingSafeEqual(key.digest, given)) found = key;
  return found;
}

const bearerOf = (header: string | undefined): string | null => /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? null;

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

const unauthorized = (given: boolean): RefusedError =>
  new RefusedError({
    status: 401,
    code: given ? 'invalid_api_key' : 'missing_api_key',
    detail: given ? 'This API key is not known.' : 'Send an API key as "Authorization: Bearer <key>".',
    headers: { 'www-authenticate': 'Bearer' },
  });

/** Admins see all tenants (null), the others their own. */
export const tenantOf = (caller: Caller): string | null => (caller.role === 'admin' ? null : caller.tenant);

export const mayTouch = (caller: Caller, tenant: string): boolean =>
  caller.role === 'admin' || caller.tenant === tenant;
