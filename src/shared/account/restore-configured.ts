/** The way back from an anonymous token to NEMO_TOKEN (design §6): parked files move to it as soon as it works again. */
import { randomUUID } from 'node:crypto';
import { readBalance } from '../upstream/read-balance.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { configuredToken, deleteOwn, readStored, storeToken, type TokenSource } from './account-token.ts';

/** Longer than the one call in it, which times out after 15 s. */
const lockMs = 30_000;

/** True when NEMO_TOKEN has taken the place of an anonymous token. Under the lock of renewals: one or the other. */
export async function restoreConfigured(source: TokenSource, signal?: AbortSignal): Promise<boolean> {
  const configured = configuredToken(source);
  if (configured === null || (await readStored(source))?.kind !== 'anonymous') return false;
  const { redis, keys, accountId, upstream } = source;
  const lock = randomUUID();
  if ((await redis.set(keys.tokenLock(accountId), lock, 'PX', lockMs, 'NX')) !== 'OK') return false;
  try {
    await readBalance(upstream, configured.value, signal === undefined ? {} : { signal });
    return await storeToken(source, lock, configured);
  } catch (error) {
    // Still dead: the anonymous one goes on. A 429 pauses the account; what else is wrong, the next call finds out.
    if (error instanceof UpstreamError && error.fault.code !== 'rate_limited') return false;
    throw error;
  } finally {
    await deleteOwn(source, keys.tokenLock(accountId), lock);
  }
}
