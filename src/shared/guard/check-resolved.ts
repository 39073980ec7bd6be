/**
 * The guard for URLs that somebody else fetches (the upstream): refuses a name that resolves to an address which is not
 * allowed. It cannot pin what the other side resolves; what this process fetches itself goes through the guarded agent.
 */
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { checkUrl } from './check-url.ts';
import type { Resolve } from './create-guarded-agent.ts';
import { GuardError } from './guard-error.ts';
import { isAllowed } from './judge-address.ts';

/** A resolver that hangs must not hold up the step. */
const patienceMs = 2000;

export interface ResolvedRules {
  readonly allowPrivate: boolean;
  readonly resolve?: Resolve;
}

/** Throws GuardError. A name that does not resolve here may do so there: it passes. */
export async function checkResolved(text: string, { allowPrivate, resolve = lookup }: ResolvedRules): Promise<void> {
  const checked = checkUrl(text, { allowPrivate });
  if (!checked.ok) throw new GuardError(checked.code === 'private_host' ? 'the host' : 'what is no URL');
  const { hostname } = checked.url;
  // Literal addresses have been judged with the text.
  if (isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0) return;
  const answer = Promise.withResolvers<readonly string[]>();
  resolve(hostname, { all: true }, (error, addresses) =>
    answer.resolve(error === null ? addresses.map(({ address }) => address) : []),
  );
  const addresses = await Promise.race([answer.promise, delay(patienceMs, [], { ref: false })]);
  if (addresses.some((address) => !isAllowed(address, allowPrivate))) throw new GuardError(hostname);
}
