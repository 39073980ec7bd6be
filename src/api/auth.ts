/** Who calls: bearer keys, compared in constant time, and what each may do. Runs before a body is read. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { ApiKey, Role } from '../shared/config/api-keys.ts';
import { RefusedError } from './refused-error.ts';

export interface Caller {
  /** The name of its key. */
  readonly tenant: string;
  readonly role: Role;
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

/** Without API_KEYS the server only listens on loopback (config refuses anything else). */
const localCaller: Caller = { tenant: 'local', role: 'admin' };
export const nobody: Caller = { tenant: '', role: 'viewer' };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export function createAuth(keys: readonly ApiKey[]): (request: FastifyRequest) => Caller {
  const known = keys.map((key) => ({ caller: { tenant: key.name, role: key.role }, digest: digest(key.key) }));
  return (request) => {
    if (request.routeOptions.config.public === true) return nobody;
    if (known.length === 0) return localCaller;
    const given = bearerOf(request.headers.authorization);
    const caller = given === null ? null : findCaller(known, digest(given));
    if (caller === null) throw unauthorized(given !== null);
    if (caller.role === 'viewer' && !isRead(request.method)) {
      throw new RefusedError({ status: 403, code: 'forbidden', detail: 'This key may only read.' });
    }
    return caller;
  };
}

/** Looks at every key, found or not: the time taken tells nothing. */
function findCaller(known: readonly { caller: Caller; digest: Buffer }[], given: Buffer): Caller | null {
  let found: Caller | null = null;
  for (const key of known) if (timingSafeEqual(key.digest, given)) found = key.caller;
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
