/** `POST /run_sse`: takes a turn, streams what it does. One turn at a time in a session. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Call } from './call.ts';
import type { Sandbox } from './context.ts';
import { GENERATION_COST } from './generate.ts';
import { jsonOf } from './json-body.ts';
import type { TurnRecord } from './ledger.ts';
import { Refusal } from './refusal.ts';
import { reserve, SESSION_COST, sessionOf, settle } from './sessions.ts';
import type { Session } from './store.ts';
import { createStreamWriter } from './stream-writer.ts';
import { runTurn } from './turn.ts';
import type { Turn } from './turn-moments.ts';
import { planTurn } from './turn-plan.ts';
import { workOut, type Outcome } from './work-out.ts';

const turnSchema = z.object({
  app_name: z.literal('nemo_agent'),
  user_id: z.string(),
  session_id: z.coerce.string(),
  new_message: z.object({ role: z.string().optional(), parts: z.array(z.object({ text: z.string() })).min(1) }),
});

export function addTurnRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.post('/run_sse', { config: { endpoint: 'run_sse' } }, async (request, reply) => {
    const { call } = request;
    if (call === null) return;
    const body = jsonOf(request, turnSchema);
    const text = body.new_message.parts.map((part) => part.text).join('\n');
    const session = sessionOf(sandbox, call, body.session_id);
    if (session.isTurnRunning) throw new Refusal(409, 'another turn of this session is still running');
    // Worked out first: what it costs depends on it. Nothing is changed before it is paid.
    const outcome = workOut(sandbox, session, text);
    const { cost, record } = accept(sandbox, session, text, outcome);
    reply.hijack();
    const plan = planTurn(
      sandbox,
      call,
      session.media.map((media) => media.name),
    );
    const writer = createStreamWriter(reply.raw, plan.wire);
    if (call.isReplyLost) reply.raw.socket?.destroy();
    sandbox.background.add(
      finish(sandbox, { dialect: sandbox.settings.dialect, session, record, plan, outcome, writer }, cost, call),
    );
  });
}

/** Pays and enters the turn into the ledger. From here on it is taken, whatever becomes of the stream. */
function accept(
  sandbox: Sandbox,
  session: Session,
  text: string,
  outcome: Outcome,
): { cost: number; record: TurnRecord } {
  const generated = outcome.kind === 'edit' ? outcome.planned.length : 0;
  const cost = (session.isPaid ? 0 : SESSION_COST) + generated * GENERATION_COST;
  reserve(session.account, cost);
  session.isPaid = true;
  session.isTurnRunning = true;
  const record: TurnRecord = {
    text,
    receivedAt: sandbox.clock.now(),
    appliedAt: null,
    charged: cost,
    outcome: 'running',
  };
  const entry = sandbox.ledger.sessions.get(session.id);
  entry?.turns.push(record);
  if (entry !== undefined) entry.charged += cost;
  return { cost, record };
}

async function finish(sandbox: Sandbox, turn: Turn, cost: number, call: Call): Promise<void> {
  try {
    await runTurn(sandbox, turn);
  } catch (error) {
    // Nobody awaits a turn: it ends here, and its reader sees the connection break.
    sandbox.log.error({ err: error, session: call.session }, 'turn failed');
    await turn.writer.cut();
  } finally {
    settle(turn.session.account, cost);
    turn.session.isTurnRunning = false;
    if (turn.record.outcome === 'running')
      turn.record.outcome = turn.outcome.kind === 'question' ? 'question' : 'not-applied';
  }
}
