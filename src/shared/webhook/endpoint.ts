/**
 * A webhook endpoint: one URL of one tenant, and how it has been doing. Written by the delivery scripts alone. Its key
 * holds a hash: URLs of receivers often hold secrets.
 */
import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';

export interface Endpoint {
  /** What a request takes at present; null: none has ended yet. */
  readonly usualMs: number | null;
  /** Ms of Redis' clock. Null: the last attempt succeeded, or there was none. */
  readonly failingSince: number | null;
  readonly failures: number;
  /** It has failed for days; the next success takes the mark away. */
  readonly markedAt: number | null;
  readonly okAt: number | null;
}

/** What is known of an endpoint decides how much of the room that all share it may use. */
export type Standing = 'quick' | 'unknown' | 'troubled';

/** A healthy receiver answers within it; the recommendation of Standard Webhooks is to work after the answer. */
const quickMs = 1000;

export function endpointId(tenant: string, url: string): string {
  return createHash('sha256').update(`${tenant}\n${url}`).digest('hex').slice(0, 32);
}

const fields = ['usual_ms', 'failing_since', 'failures', 'marked_at', 'ok_at'] as const;

export async function readEndpoint(ctx: Pick<Context, 'redis' | 'keys'>, id: string): Promise<Endpoint> {
  const values = await ctx.redis.hmget(ctx.keys.endpoint(id), ...fields);
  const [usualMs, failingSince, failures, markedAt, okAt] = values.map((text) => (text === null ? null : Number(text)));
  return {
    usualMs: usualMs ?? null,
    failingSince: failingSince ?? null,
    failures: failures ?? 0,
    markedAt: markedAt ?? null,
    okAt: okAt ?? null,
  };
}

export function standingOf({ usualMs, failingSince }: Endpoint): Standing {
  if (failingSince !== null) return 'troubled';
  if (usualMs === null) return 'unknown';
  return usualMs < quickMs ? 'quick' : 'troubled';
}
