/**
 * Gives one answer under an Idempotency-Key, for requests that make no batch. The key is taken before anything happens:
 * after a crash in between it stays in flight until it expires, because a message that may have been taken must not be
 * taken twice (it is paid for).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiContext } from './api-context.ts';
import { findEarlier, keyInFlight, readIdempotencyKey } from './idempotency.ts';
import { RefusedError } from './refused-error.ts';

/** As long as the first answer of a batch is at least kept. */
const keptMs = 86_400_000;

export async function answerOnce(
  ctx: ApiContext,
  { request, reply, route }: { request: FastifyRequest; reply: FastifyReply; route: string },
  work: () => Promise<object>,
): Promise<FastifyReply> {
  const key = await readIdempotencyKey(request, route);
  if (key === null) return sendText(reply, JSON.stringify(await work()));
  const { tenant } = request.caller;
  const name = ctx.keys.idempotency(tenant, key.keyHash);
  const earlier = await findEarlier(ctx, tenant, key);
  if (earlier.kind === 'answered') return sendText(reply.header('idempotent-replayed', 'true'), earlier.answer);
  if ((await ctx.redis.hsetnx(name, 'body', key.bodyHash)) === 0) throw keyInFlight();
  await ctx.redis.pexpire(name, keptMs);
  ctx.reach('answer once: key taken, nothing done');
  try {
    const text = JSON.stringify(await work());
    ctx.reach('answer once: done, answer not kept');
    await ctx.redis.hset(name, 'answer', text);
    ctx.reach('answer once: kept, not answered');
    return await sendText(reply, text);
  } catch (error) {
    // A refused request does not use its key up. After any other error it is not known what happened.
    if (error instanceof RefusedError) await ctx.redis.del(name).catch(() => null);
    throw error;
  }
}

const sendText = (reply: FastifyReply, text: string): FastifyReply =>
  reply.code(202).header('content-type', 'application/json; charset=utf-8').serializer(String).send(text);
