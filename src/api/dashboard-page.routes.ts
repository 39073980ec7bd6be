/**
 * The dashboard's page and its scripts, built into dist/dashboard, and Bull Board below it. No data here: what the page
 * shows it asks for. Neither page may ask anybody outside for anything (CSP).
 */
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fastifyStatic } from '@fastify/static';
import type { FastifyReply } from 'fastify';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { addBullBoard } from './dashboard-queues.routes.ts';

const root = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Each is the same page: where it leads, its script reads from the address. */
const places = [
  '/dashboard',
  '/dashboard/',
  '/dashboard/batches',
  '/dashboard/batches/:id',
  '/dashboard/batches/:id/files/:file_id',
  '/dashboard/webhooks',
  '/dashboard/queues',
];

export async function addDashboardPage(app: Api, ctx: ApiContext): Promise<void> {
  addBullBoard(app, ctx);
  await app.register(async (page) => {
    await page.register(fastifyStatic, {
      root,
      prefix: '/dashboard/assets/',
      serve: false,
      preCompressed: true,
    });
    for (const place of places) {
      page.get(place, { config: { public: true }, schema: { hide: true } }, (_request, reply) => sendPage(reply));
    }
    page.get('/dashboard/icon.svg', { config: { public: true }, schema: { hide: true } }, (_request, reply) =>
      reply.sendFile('icon.svg', { maxAge: '1d' }),
    );
    page.get<{ Params: { name: string } }>(
      '/dashboard/assets/:name',
      { config: { public: true }, schema: { hide: true } },
      // The name of each holds a hash of what is in it.
      (request, reply) => reply.sendFile(`assets/${request.params.name}`, { maxAge: '365d', immutable: true }),
    );
  });
}

async function sendPage(reply: FastifyReply): Promise<FastifyReply> {
  try {
    await access(`${root}index.html`);
  } catch {
    // A source tree that was never built: say what to do.
    return reply.code(503).type('text/plain').send('The dashboard is not built: npm run build:dashboard\n');
  }
  return reply
    .header('content-security-policy', policy)
    .header('cache-control', 'no-cache')
    .sendFile('index.html', { cacheControl: false });
}
