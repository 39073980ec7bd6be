/**
 * Loads the Lua scripts and gives each a typed function. The only place that knows how a script is called; what a
 * script takes and returns stands in its own header.
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { allowGrowth } from './allow-growth.ts';
import { gather, gatheredLua } from './gathered-script.ts';
import type { Keys } from './keys.ts';
import { toPrelude } from './lua-prelude.ts';

const scriptNames = [
  'begin',
  'advance',
  'claim',
  'intake-open',
  'intake-chunk',
  'intake-accept',
  'mark',
  'unmark',
  'note-account',
  'delivery-enter',
  'delivery-save',
  'delivery-redeliver',
  'deliveries-gone',
  'readdress',
  'release',
  'order',
  'token-commit',
  'drop-begin',
  'drop-batch',
  'upload-keep',
  'upload-expire',
  'fleet',
  'read-files',
  'progress',
] as const;
/** These take new work in: a Redis that is full refuses them, so that what runs can end. */
const refusedWhenFull: readonly string[] = ['intake-open', 'intake-chunk', 'upload-keep'];
/** Called for each step of each file: many go as one command. With how many arguments each has. */
const gatheredWidths: Readonly<Partial<Record<ScriptName, number>>> = { begin: 8, advance: 11, progress: 3 };
export type ScriptName = (typeof scriptNames)[number];

type Argument = string | number;
/** Runs a script with its ARGV; the hash tag is its one key. */
export type Scripts = { readonly [Name in ScriptName]: (...args: readonly Argument[]) => Promise<unknown> };

const read = (name: string): string => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

/** `took`: told of each script, how long it was waited for: the latency of Redis as the service meets it. */
export function createScripts(redis: Redis, keys: Keys, took: (seconds: number) => void = () => undefined): Scripts {
  const lib = read('lib');
  const entries = scriptNames.map((name) => {
    const command = `batchvideo:${name}`;
    const script = read(name);
    const width = gatheredWidths[name];
    const prelude = toPrelude(lib, script);
    const lua = width === undefined ? prelude + script : gatheredLua(prelude, script);
    redis.defineCommand(command, { numberOfKeys: 1, lua: refusedWhenFull.includes(name) ? lua : allowGrowth(lua) });
    // ioredis adds the command to the instance at run time, where its types cannot see it.
    const run = (redis as unknown as Record<string, (...args: Argument[]) => Promise<unknown>>)[command];
    if (run === undefined) throw new Error(`script ${name} was not defined`);
    const send = (args: readonly Argument[]): Promise<unknown> => run.call(redis, keys.tag, ...args);
    const call = width === undefined ? send : gather(width, send);
    const timed = async (...args: readonly Argument[]): Promise<unknown> => {
      const startedAt = performance.now();
      const reply = await call(args);
      took((performance.now() - startedAt) / 1000);
      return reply;
    };
    return [name, timed] as const;
  });
  return Object.fromEntries(entries) as Scripts;
}
