/** Sessions: made, and opened in a browser by a claim token. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Sandbox } from './context.ts';
import { takeFault } from './faults.ts';
import { jsonOf } from './json-body.ts';
import { toJsonText } from './json-text.ts';
import { refusals } from './refusal.ts';
import { sessionOf } from './sessions.ts';
import type { Account, Session } from './store.ts';

const sessionSchema = z.object({ task_name: z.string(), language: z.string().default('en') });
const claimSchema = z.object({ task_id: z.string(), session_id: z.coerce.string() });
const CLAIM_LIFE_S = 604_800;

export function addSessionRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.post('/api/tasks/me/with-session/nemo_agent', { config: { endpoint: 'session' } }, async (request, reply) => {
    const { call } = request;
    if (call?.token == null) throw refusals.tokenInvalid();
    const { language } = jsonOf(request, sessionSchema);
    await sandbox.clock.sleep(sandbox.random.between(200, 600));
    const session = createSession(sandbox, call.token.account, call.token.token, language);
    session.lacksAttribution = !call.hasAttribution;
    call.session = session.id;
    const asNumber =
      takeFault(sandbox.faults, call, 'session-id-number') !== null || sandbox.settings.sessionIdAs === 'number';
    const data = {
      task_id: session.taskId,
      session_id: asNumber ? BigInt(session.id) : session.id,
      user_id: call.token.account.id,
    };
    return reply.type('application/json').send(toJsonText({ code: 0, data }));
  });

  app.post('/api/auth/claim-token', { config: { endpoint: 'claim-token' } }, async (request) => {
    const { call } = request;
    const body = jsonOf(request, claimSchema);
    if (call === null || sessionOf(sandbox, call, body.session_id).taskId !== body.task_id)
      throw refusals.sessionMissing();
    return { code: 0, data: { claim_token: `clm_${sandbox.random.hex(24)}`, expires_in: CLAIM_LIFE_S } };
  });
}

/** `id`: of a session that an earlier sandbox had; absent: a new one. */
export function createSession(
  sandbox: Sandbox,
  account: Account,
  token: string,
  language: string,
  id?: string,
): Session {
  const now = sandbox.clock.now();
  const session: Session = {
    // 19 digits from 5…: beyond 2^53 and within a signed 64-bit number, as upstream.
    id: id ?? `5${sandbox.random.digits(17)}${1 + Math.floor(sandbox.random.next() * 9)}`,
    taskId: `task_${sandbox.random.hex(16)}`,
    account,
    language,
    touchedAtMs: now,
    media: [],
    generated: [],
    made: [],
    draft: null,
    served: new Set(),
    isTurnRunning: false,
    isPaid: false,
    isForgotten: false,
    lacksAttribution: false,
    nextClip: 0,
  };
  sandbox.store.sessions.set(session.id, session);
  sandbox.ledger.sessions.set(session.id, {
    id: session.id,
    token,
    account: account.id,
    language,
    createdAt: now,
    charged: 0,
    uploads: [],
    turns: [],
    renders: 0,
    openRenders: 0,
    peakRenders: 0,
  });
  return session;
}
