/** POST /batches: judged as a whole, then taken in or refused as a whole. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sessionCredits } from '../shared/domain/policy.ts';
import { takeIn, type IntakeResult } from '../shared/intake.ts';
import { etaOfPlan } from '../shared/to-batch-resource.ts';
import type { ApiContext } from './api-context.ts';
import type { StoredBatch } from '../shared/read-batch.ts';
import type { AcceptedBatch, DryRun, Warning } from './batches.schema.ts';
import { findEarlier, keyInFlight, keyMismatch, readIdempotencyKey } from './idempotency.ts';
import { judgeBatch, type JudgedBatch } from './judge-batch.ts';
import type { KnownBalance } from './known-balance.ts';
import { RefusedError, invalid } from './refused-error.ts';
import { toBatch } from './show-batch.ts';
import { toIntake, type ToBeTakenIn } from './to-intake.ts';
import { givenTraceparent } from './trace-context.ts';
import type { EndWaiter } from './wait-for-end.ts';
import { warnOfEndpoint } from './warn-of-endpoint.ts';
import { warnOf, warnOfCredits, type Estimate } from './warn-of.ts';

export async function createBatch(
  ctx: ApiContext,
  { balance, waiter }: { readonly balance: KnownBalance; readonly waiter: EndWaiter },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { tenant } = request.caller;
  const key = await readIdempotencyKey(request, 'POST /batches');
  const earlier = await findEarlier(ctx, tenant, key);
  if (earlier.kind === 'answered') return sendAccepted(reply.header('idempotent-replayed', 'true'), earlier.answer);
  const judged = await judgeBatch(ctx, request);
  const toBe = await toIntake(judged, {
    requestId: request.id,
    traceparent: request.span.traceparent ?? givenTraceparent(request.headers),
  });
  const estimate = estimateOf(toBe, await balance());
  const failing = await warnOfEndpoint(ctx, tenant, judged.request);
  const warnings = [...failing, ...warnOf(judged.request, toBe, estimate)];
  if (judged.request.dry_run === true) return reply.code(200).send(toDryRun(ctx, judged, { estimate, warnings }));
  const result = await takeIn(ctx, {
    tenant,
    ...toBe,
    idempotency: key,
    estimatedCredits: estimate.credits,
    maxCredits: judged.request.max_credits ?? null,
    answerOf: (batch) => toAnswer(ctx, batch, warnings),
  });
  const seconds = result.kind === 'accepted' ? waiter.grant(request, toBe.files.length) : null;
  if (result.kind !== 'accepted' || seconds === null) return answer(reply, result);
  const batch = await waiter.wait(reply, result.batchId, seconds);
  const text = batch === null ? result.answer : toAnswer(ctx, batch, warnings);
  return sendAccepted(reply.header('preference-applied', `wait=${seconds}`), text);
}

const toAnswer = (ctx: ApiContext, batch: StoredBatch, warnings: Warning[]): string =>
  JSON.stringify({ ...toBatch(ctx, batch), warnings } satisfies AcceptedBatch);

function answer(reply: FastifyReply, result: IntakeResult): FastifyReply {
  switch (result.kind) {
    case 'accepted':
      return sendAccepted(reply, result.answer);
    case 'answered':
      return sendAccepted(reply.header('idempotent-replayed', 'true'), result.answer);
    case 'loading':
      throw keyInFlight();
    case 'mismatch':
      throw keyMismatch();
    case 'uploads-gone':
      throw invalid(
        result.uploadIds.map((id) => ({
          pointer: '#',
          code: 'unknown_upload',
          detail: `The upload ${id} has expired.`,
        })),
      );
    case 'dropped':
      throw new RefusedError({
        status: 503,
        code: 'intake_too_slow',
        detail: 'The batch could not be stored in time, and nothing of it was kept.',
        headers: { 'retry-after': '5' },
      });
  }
}

/** The stored text itself: a repeat gets the same bytes. */
function sendAccepted(reply: FastifyReply, text: string): FastifyReply {
  const { links } = JSON.parse(text) as AcceptedBatch;
  return reply
    .code(202)
    .header('location', links.self)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer(String)
    .send(text);
}

function estimateOf({ spec, files }: ToBeTakenIn, available: number | null): Estimate {
  const sessions = Math.min(files.length, spec.maxSessions ?? files.length);
  return { files: files.length, sessions, credits: sessions * sessionCredits, available };
}

function toDryRun(
  ctx: ApiContext,
  { request }: JudgedBatch,
  { estimate, warnings }: Pick<DryRun, 'estimate' | 'warnings'>,
): DryRun {
  const problems = warnOfCredits(request, estimate);
  const codes = new Set(problems.map(({ code }) => code));
  const eta = etaOfPlan(estimate.files, estimate.sessions, ctx.config.maxInFlight);
  return { estimate, eta, problems, warnings: warnings.filter(({ code }) => !codes.has(code)) };
}
