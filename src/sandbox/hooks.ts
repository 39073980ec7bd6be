/** What happens around every call of the API: the ledger, the token, the attribution headers, injected faults. */
import { basename } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Call } from './call.ts';
import { strike } from './call-faults.ts';
import type { Sandbox } from './context.ts';
import type { Endpoint } from './fault-table.ts';
import { bodyOf } from './json-body.ts';
import { beginCall, countOf, endCall } from './ledger.ts';
import { Refusal, refusals } from './refusal.ts';

const ATTRIBUTION = ['x-skill-source', 'x-skill-version', 'x-skill-platform'];
/** These work without a token: one gives it, the other stands for a CDN. */
const OPEN: readonly Endpoint[] = ['anonymous-token', 'file'];

export function addHooks(app: FastifyInstance, sandbox: Sandbox): void {
  const recentMs: number[] = [];
  app.decorateRequest('call', null);

  app.addHook('onRequest', async (request, reply) => {
    const { endpoint } = request.routeOptions.config;
    if (endpoint === undefined) return;
    const call = createCall(sandbox, request, endpoint);
    request.call = call;
    beginCall(sandbox.ledger, endpoint);
    // `close` comes for every answer, also for streams and broken connections.
    reply.raw.once('close', () => finish(sandbox, request, call, reply.raw.statusCode));
  });

  app.addHook('preHandler', async (request, reply) => {
    const { call } = request;
    if (call === null) return undefined;
    readSubject(sandbox, request, call);
    limit(sandbox, call, recentMs);
    if (await strike(sandbox, call, request, reply)) return reply;
    if (!OPEN.includes(call.endpoint)) requireToken(sandbox, call);
    return undefined;
  });

  app.addHook('onSend', async (request, _reply, payload) => {
    if (request.call?.isReplyLost === true) request.raw.socket.destroy();
    return payload;
  });
}

function createCall(sandbox: Sandbox, request: FastifyRequest, endpoint: Endpoint): Call {
  const bearer = /^Bearer (.+)$/iu.exec(request.headers.authorization ?? '')?.[1];
  const params = request.params as { readonly sid?: string; readonly id?: string };
  const renderId = endpoint === 'render-poll' || endpoint === 'download' ? params.id : undefined;
  return {
    endpoint,
    at: sandbox.clock.now(),
    session: params.sid ?? sandbox.store.jobs.get(renderId ?? '')?.session.id ?? null,
    text: null,
    brings: [],
    token: sandbox.store.tokens.get(bearer ?? '') ?? null,
    hasAttribution: ATTRIBUTION.every((name) => (request.headers[name] ?? '') !== ''),
    faults: [],
    scenarioFault: null,
    isReplyLost: false,
  };
}

/** Session and instruction from the body, so that faults can be aimed at them; the handler checks the body itself. */
function readSubject(sandbox: Sandbox, request: FastifyRequest, call: Call): void {
  const body = bodyOf(request).value as {
    readonly session_id?: unknown;
    readonly sessionId?: unknown;
    readonly urls?: readonly unknown[];
    readonly new_message?: { readonly parts?: readonly { readonly text?: unknown }[] };
  } | null;
  const id = body?.session_id ?? body?.sessionId;
  if (typeof id === 'string') call.session = id;
  if (Array.isArray(body?.urls)) call.brings = body.urls.map((url) => basename(String(url).split('?')[0] ?? ''));
  const text = body?.new_message?.parts?.[0]?.text;
  if (typeof text === 'string') call.text = text;
  const session = sandbox.store.sessions.get(call.session ?? '');
  // The CDN needs no headers; every call of the API does, and only export says so.
  if (session !== undefined && !call.hasAttribution && call.endpoint !== 'file') session.lacksAttribution = true;
}

function requireToken(sandbox: Sandbox, call: Call): void {
  if (call.token === null || call.token.expiresAtMs <= sandbox.clock.now()) throw refusals.tokenInvalid();
}

/** The settings' own limits, as a real service has them. */
function limit(sandbox: Sandbox, call: Call, recentMs: number[]): void {
  const { maxCallsPerSecond, maxOpenTurns } = sandbox.settings;
  if (call.endpoint === 'run_sse' && maxOpenTurns !== null && countOf(sandbox.ledger, 'run_sse').open > maxOpenTurns) {
    throw new Refusal(429, 'too many turns are open');
  }
  if (maxCallsPerSecond === null || call.endpoint === 'file') return;
  while ((recentMs[0] ?? call.at) < call.at - 1000) recentMs.shift();
  if (recentMs.length >= maxCallsPerSecond) throw new Refusal(429, 'too many calls');
  recentMs.push(call.at);
}

function finish(sandbox: Sandbox, request: FastifyRequest, call: Call, status: number): void {
  endCall(sandbox.ledger, {
    at: call.at,
    method: request.method,
    path: request.url,
    endpoint: call.endpoint,
    session: call.session,
    status,
    tokenVersion: call.token?.version ?? null,
    hasAttribution: call.hasAttribution,
    faults: call.faults,
  });
}
