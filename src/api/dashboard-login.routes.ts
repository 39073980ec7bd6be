/** Who is there, logging in with an API key, and out. */
import { version } from '../shared/version.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import type { Auth } from './auth.ts';
import { isCrossSite } from './cross-site.ts';
import { closeLogin, createWrongKeys, openLogin } from './dashboard-login.ts';
import type { Me } from './dashboard-wire.ts';
import { loginBody } from './dashboard.schema.ts';
import { RefusedError } from './refused-error.ts';

const config = { public: true };

export function addDashboardLoginRoutes(app: Api, ctx: ApiContext, auth: Auth): void {
  const wrongKeys = createWrongKeys();
  app.get('/dashboard/api/me', { config, schema: { hide: true } }, async (request): Promise<Me> => {
    const caller = await auth.loggedIn(request);
    return {
      name: caller?.tenant ?? null,
      role: caller?.role ?? 'viewer',
      needsLogin: auth.needsKey,
      version,
    };
  });
  app.post(
    '/dashboard/api/login',
    { config, schema: { hide: true, body: loginBody } },
    async (request, reply): Promise<Me> => {
      if (isCrossSite(request)) throw crossSite();
      if (wrongKeys.tooMany(request.ip)) throw tooMany();
      const key = auth.findKey(request.body.key.trim());
      if (key === null) {
        wrongKeys.count(request.ip);
        request.log.warn({ address: request.ip }, 'dashboard login refused');
        throw new RefusedError({ status: 401, code: 'invalid_api_key', detail: 'This API key is not known.' });
      }
      await openLogin(ctx, { request, reply, keyDigest: key.digest });
      request.log.info({ tenant: key.caller.tenant, role: key.caller.role }, 'dashboard login');
      return { name: key.caller.tenant, role: key.caller.role, needsLogin: true, version };
    },
  );
  app.post('/dashboard/api/logout', { config, schema: { hide: true } }, async (request, reply) => {
    if (isCrossSite(request)) throw crossSite();
    await closeLogin(ctx, request, reply);
    return reply.code(204).send();
  });
}

const crossSite = (): RefusedError =>
  new RefusedError({ status: 403, code: 'cross_site_request', detail: 'Another site may not do this.' });

const tooMany = (): RefusedError =>
  new RefusedError({
    status: 429,
    code: 'too_many_logins',
    detail: 'Too many wrong keys from this address. Wait a minute.',
    headers: { 'retry-after': '60' },
  });
