/** Looks at NEMO_API_URL: does anything answer, is the token taken. Costs nothing: the balance is read, no more. */
import type { Config } from '../shared/config/config.ts';
import { isLoopback } from '../shared/config/loopback.ts';
import { sessionCredits } from '../shared/domain/policy.ts';
import { openUpstream } from '../shared/upstream/open-upstream.ts';
import { readBalance } from '../shared/upstream/read-balance.ts';
import type { Upstream } from '../shared/upstream/types.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import { version } from '../shared/version.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

const timeoutMs = 5_000;

export interface UpstreamLook {
  readonly findings: readonly Finding[];
  /** How far its Date is ahead of our clock; null: it told none. */
  readonly clockMs: number | null;
}

export async function lookAtUpstream(config: Config, now: () => number): Promise<UpstreamLook> {
  const up = openUpstream({
    baseUrl: config.nemoApiUrl,
    webUrl: config.nemoWebUrl,
    skillSource: config.skillSource ?? undefined,
    installPath: import.meta.dirname,
    version,
    connectTimeoutMs: timeoutMs,
  });
  try {
    const { status, clockMs } = await knock(up, now);
    // Any answer below 500 is somebody at home: what stands at the root is nobody's business here.
    if (status >= 500) {
      const detail = `${up.baseUrl} answers with ${status}`;
      return { findings: [fail('upstream', detail, 'wait, or ask its operator; files wait meanwhile')], clockMs };
    }
    return { findings: [ok('upstream', `${up.baseUrl} answers`), await lookAtToken(up, config)], clockMs };
  } catch (error) {
    const detail = `${up.baseUrl} does not answer: ${causeOf(error)}`;
    const advice = 'check NEMO_API_URL, name resolution, and that this machine may reach it';
    return { findings: [fail('upstream', detail, advice)], clockMs: null };
  } finally {
    await up.close();
  }
}

async function knock(up: Upstream, now: () => number): Promise<{ status: number; clockMs: number | null }> {
  const before = now();
  const { origin, pathname } = new URL(up.baseUrl);
  const answer = await up.dispatcher.request({
    origin,
    path: pathname,
    method: 'GET',
    headersTimeout: timeoutMs,
    signal: AbortSignal.timeout(timeoutMs),
  });
  // Its text is of no interest.
  await answer.body.dump();
  const date = Date.parse(String(answer.headers['date'] ?? ''));
  return { status: answer.statusCode, clockMs: Number.isNaN(date) ? null : date - (before + now()) / 2 };
}

async function lookAtToken(up: Upstream, { nemoToken, nemoTokenFallback, nemoApiUrl }: Config): Promise<Finding> {
  const isHere = isLoopback(new URL(nemoApiUrl).hostname);
  if (nemoToken === null) {
    return isHere
      ? ok('token', 'NEMO_TOKEN is not set: an anonymous starter token is used')
      : warn('token', 'NEMO_TOKEN is not set: 100 credits of an anonymous account, for 7 days', 'set NEMO_TOKEN');
  }
  try {
    const { available } = await readBalance(up, nemoToken, { signal: AbortSignal.timeout(timeoutMs) });
    if (available < sessionCredits) {
      return warn('token', `NEMO_TOKEN is taken and has ${available} credits: files will park`, 'top up the account');
    }
    if (nemoTokenFallback === 'fail') return ok('token', `NEMO_TOKEN is taken and has ${available} credits`);
    const detail = `NEMO_TOKEN is taken; were it to die, an anonymous account with 100 credits would go on`;
    return isHere ? ok('token', detail) : warn('token', detail, 'set NEMO_TOKEN_FALLBACK=fail');
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const { code } = error.fault;
    return code === 'token_invalid'
      ? fail('token', 'NEMO_TOKEN is refused', 'set a token that is good')
      : warn('token', `the balance cannot be read (${code})`, 'look again; files wait while the upstream is away');
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.split('\n', 1)[0] ?? error.name;
}
