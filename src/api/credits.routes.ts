/** The balance of the upstream account. */
import { AccountPausedError } from '../shared/account/account.ts';
import { TokenDeadError } from '../shared/account/token-dead-error.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { creditsSchema, type Credits } from './credits.schema.ts';
import { RefusedError } from './refused-error.ts';
import { problems } from './responses.ts';

/** A caller waits for it. */
const patienceMs = 10_000;

export function addCreditRoutes(app: Api, ctx: ApiContext): void {
  app.get(
    '/credits',
    {
      schema: {
        tags: ['account'],
        summary: 'Credits that are left',
        response: { 200: creditsSchema, ...problems(502) },
      },
    },
    () => readCredits(ctx),
  );
}

/** The upstream's code goes out as ours, its words do not. */
export async function readCredits(ctx: ApiContext): Promise<Credits> {
  try {
    return await ctx.readCredits(AbortSignal.timeout(patienceMs));
  } catch (error) {
    ctx.log.warn({ err: error }, 'balance not read');
    const reason = reasonOf(error);
    throw new RefusedError(
      {
        status: 502,
        code: 'credits_unavailable',
        detail: `The balance cannot be read now (${reason}).`,
        headers: { 'retry-after': '30' },
      },
      { cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof UpstreamError) return error.fault.code;
  if (error instanceof AccountPausedError) return error.code;
  return error instanceof TokenDeadError ? `${error.code}: set NEMO_TOKEN to a live token` : 'unknown';
}
