/** The admin's endpoints: faults, settings, tokens, sessions, credits, ledger. Loopback only, no token. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Sandbox } from './context.ts';
import { FAULTS, isFaultName } from './fault-table.ts';
import { faultSchema, scenarioNames, type FaultEntry } from './faults.ts';
import { jsonOf } from './json-body.ts';
import { toLedgerReport, toLedgerSummary } from './ledger-report.ts';
import { resetLedger } from './ledger.ts';
import { Refusal } from './refusal.ts';
import { settingsSchema } from './settings.ts';
import { createSession } from './sessions.routes.ts';
import { addRegistered } from './tokens.routes.ts';

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/u;
const scenarioSchema = z.object({
  seed: z.number().int().default(1),
  rate: z.number().min(0).max(1),
  names: z.array(z.string().refine(isFaultName, 'no such fault')).optional(),
  harsh: z.boolean().default(false),
});
const expireSchema = z.object({ token: z.string().optional() });
const creditsSchema = z.object({
  token: z.string().optional(),
  all: z.boolean().optional(),
  available: z.number().int().min(0),
});
const sessionSchema = z.object({ id: z.string().regex(/^\d{1,19}$/u), token: z.string() });
const tokenSchema = z.object({ token: z.string().min(1), credits: z.number().int().min(0) });
// No defaults here: what is not named stays as it is.
const configSchema = z.strictObject(
  Object.fromEntries(Object.entries(settingsSchema.shape).map(([name, schema]) => [name, schema.unwrap().optional()])),
);

export function addAdminRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.addHook('onRequest', async (request) => {
    if (request.url.startsWith('/admin/') && !LOOPBACK.test(request.ip)) throw new Refusal(403, 'loopback only');
  });
  addFaultRoutes(app, sandbox);
  addStateRoutes(app, sandbox);
  app.get('/healthz', async () => ({ status: 'ok' }));

  app.get<{ Querystring: { since?: string } }>('/admin/ledger', async (request) =>
    toLedgerReport(sandbox.ledger, Number(request.query.since ?? 0) || 0),
  );
  app.get('/admin/ledger/summary', async () => toLedgerSummary(sandbox.ledger));
  app.delete('/admin/ledger', async (_request, reply) => {
    resetLedger(sandbox.ledger, sandbox.clock.now());
    return reply.code(204).send();
  });
}

function addFaultRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  const { faults } = sandbox;
  app.post('/admin/faults', async (request, reply) =>
    reply.code(201).send({ fault: toView(addFault(sandbox, request)) }),
  );
  app.get('/admin/faults', async () => ({
    active: faults.entries.map(toView),
    scenario: faults.scenario,
    hits: Object.fromEntries(sandbox.ledger.faults),
    known: Object.entries(FAULTS).map(([name, kind]) => ({
      name,
      at: kind.at,
      scenario_at: kind.scenarioAt,
      params: z.toJSONSchema(kind.params, { io: 'input' }),
    })),
  }));
  app.delete('/admin/faults', async (_request, reply) => {
    faults.entries = [];
    faults.scenario = null;
    faults.drawn.clear();
    return reply.code(204).send();
  });
  app.delete<{ Params: { id: string } }>('/admin/faults/:id', async (request, reply) => {
    faults.entries = faults.entries.filter((entry) => entry.id !== Number(request.params.id));
    return reply.code(204).send();
  });
  app.post('/admin/scenario', async (request) => {
    const { seed, rate, names, harsh } = jsonOf(request, scenarioSchema);
    faults.drawn.clear();
    faults.scenario = rate === 0 ? null : { seed, rate, names: names ?? scenarioNames(harsh), harsh };
    return { scenario: faults.scenario };
  });
}

function addFault(sandbox: Sandbox, request: FastifyRequest): FaultEntry {
  const input = jsonOf(request, faultSchema);
  const params = FAULTS[input.name].params.safeParse(input.params);
  if (!params.success) throw new Refusal(400, z.prettifyError(params.error));
  const entry: FaultEntry = { ...input, id: sandbox.faults.nextId++, hits: 0, passed: 0, firstHitAtMs: null };
  sandbox.faults.entries.push(entry);
  return entry;
}

function toView({ id, name, times, forMs, skip, rate, match, params, hits }: FaultEntry) {
  return { id, name, times: times ?? null, forMs: forMs ?? null, skip, rate, match, params, hits };
}

function addStateRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.get('/admin/config', async () => sandbox.settings);
  app.post('/admin/config', async (request) => Object.assign(sandbox.settings, jsonOf(request, configSchema)));

  app.post('/admin/tokens', async (request) => {
    const { token, credits } = jsonOf(request, tokenSchema);
    return { token: addRegistered(sandbox, token, credits).token };
  });
  app.post('/admin/tokens/expire', async (request) => {
    const { token } = jsonOf(request, expireSchema);
    const tokens = [...sandbox.store.tokens.values()].filter((each) => token === undefined || each.token === token);
    for (const each of tokens) each.expiresAtMs = 0;
    return { expired: tokens.length };
  });
  app.post('/admin/sessions', async (request) => {
    const { id, token } = jsonOf(request, sessionSchema);
    const account = sandbox.store.tokens.get(token)?.account;
    if (account === undefined) throw new Refusal(404, 'no such token');
    if (sandbox.store.sessions.has(id)) throw new Refusal(409, 'there is such a session');
    return { session: createSession(sandbox, account, token, 'en', id).id };
  });
  app.post<{ Params: { id: string } }>('/admin/sessions/:id/forget', async (request) => {
    const session = sandbox.store.sessions.get(request.params.id);
    if (session === undefined) throw new Refusal(404, 'no such session');
    session.isForgotten = true;
    return { forgotten: session.id };
  });
  app.post('/admin/credits', async (request) => {
    const { token, available } = jsonOf(request, creditsSchema);
    const named = sandbox.store.tokens.get(token ?? '')?.account;
    if (token !== undefined && named === undefined) throw new Refusal(404, 'no such token');
    const accounts = named === undefined ? [...sandbox.store.accounts.values()] : [named];
    for (const account of accounts) account.available = available;
    return { accounts: accounts.length, available };
  });
}
