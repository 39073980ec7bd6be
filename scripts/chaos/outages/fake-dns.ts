/** Loaded into the service's processes (NODE_OPTIONS) by one scenario: a name of ours that resolves, unless a file is there. */
import dns from 'node:dns';
import { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const name = 'nemo.chaos.test';
const file = process.env['CHAOS_DNS_FILE'] ?? '';

function notFound(): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
}

const { lookup } = dns;
const { lookup: lookupPromise } = dns.promises;

const fake = (host: string, options: unknown, callback: unknown): void => {
  const done = (typeof options === 'function' ? options : callback) as (
    error: Error | null,
    ...rest: unknown[]
  ) => void;
  if (host !== name) return (lookup as (...args: unknown[]) => void)(host, options, callback);
  if (existsSync(file)) return process.nextTick(done, notFound());
  const all = typeof options === 'object' && options !== null && 'all' in options && options.all === true;
  const address = '127.0.0.1';
  if (all) process.nextTick(done, null, [{ address, family: 4 }]);
  else process.nextTick(done, null, address, 4);
};
const fakePromise = async (host: string, options: unknown): Promise<unknown> => {
  if (host !== name) return (lookupPromise as (...args: unknown[]) => Promise<unknown>)(host, options);
  if (existsSync(file)) throw notFound();
  return [{ address: '127.0.0.1', family: 4 }];
};
Object.assign(dns, { lookup: fake });
Object.assign(dns.promises, { lookup: fakePromise });
syncBuiltinESMExports();
