/**
 * An undici Agent that connects to allowed addresses only. Every address a name resolves to is checked, and the
 * connection goes to the checked ones: a second resolution could give another answer. It follows no redirects; who
 * follows one by hand through the same agent has it checked again.
 */
import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { GuardError } from './guard-error.ts';
import { isAllowed } from './judge-address.ts';

export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface GuardOptions {
  /** A function where it is known late; asked once a connection. Link-local and metadata addresses stay refused. */
  readonly allowPrivate: boolean | (() => Promise<boolean>);
  /** How names become addresses; the system's way where absent. */
  readonly resolve?: Resolve;
  readonly connectTimeoutMs?: number;
  readonly bodyTimeoutMs?: number;
}

export function createGuardedAgent(options: GuardOptions): Agent {
  return new Agent({
    connect: guardedConnector(options),
    pipelining: 1,
    ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeout: options.bodyTimeoutMs }),
  });
}

function guardedConnector(options: GuardOptions): buildConnector.connector {
  const timeout = options.connectTimeoutMs ?? 10_000;
  const resolve = options.resolve ?? lookup;
  const connectors = {
    strict: buildConnector({ allowH2: false, timeout, lookup: guardedLookup(false, resolve) }),
    lenient: buildConnector({ allowH2: false, timeout, lookup: guardedLookup(true, resolve) }),
  };
  return (target, callback) => {
    const connect = (allowPrivate: boolean): void => {
      // `lookup` is not called for a literal address, so that is checked here.
      if (isIP(target.hostname) !== 0 && !isAllowed(target.hostname, allowPrivate)) {
        callback(new GuardError(target.hostname), null);
        return;
      }
      (allowPrivate ? connectors.lenient : connectors.strict)(target, callback);
    };
    if (typeof options.allowPrivate === 'boolean') connect(options.allowPrivate);
    else void allowedOrNot(options.allowPrivate).then(connect);
  };
}

/** Refuses when any address is not allowed, not only the first: which one is dialled is up to the operating system. */
function guardedLookup(allowPrivate: boolean, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const refused = error === null && addresses.some(({ address }) => !isAllowed(address, allowPrivate));
      const problem = error ?? (refused ? new GuardError(hostname) : null);
      if (problem === null) answer(addresses, options.all === true, callback);
      else callback(problem, '', 0);
    });
  };
}

function answer(addresses: LookupAddress[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (all) callback(null, addresses);
  else callback(null, first?.address ?? '', first?.family ?? 0);
}

async function allowedOrNot(ask: () => Promise<boolean>): Promise<boolean> {
  try {
    return await ask();
  } catch {
    return false; // not known to be allowed
  }
}
