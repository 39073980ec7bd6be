/** Starts the real processes, service and sandbox, as an operator would, and ends the ones it started, by id. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { heapFlags } from '../src/heap-flags.ts';
import { quick } from './quick-settings.ts';

export interface Started {
  readonly child: ChildProcess;
  readonly address: string;
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
}

export interface StartOptions {
  /** A module of `test/` that the process loads first; it can be sent messages. */
  readonly preload?: string;
  readonly onLine?: (line: string) => void;
}

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
/** Nothing of the machine's settings gets in; compiled code is shared, as each process would compile it anew. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'NODE_COMPILE_CACHE'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

const startDeadlineMs = 30_000;

/** Waits for the line that tells the address; everything it printed is in the error when that never comes. */
export async function startCommand(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  told: (line: string) => string | null,
  { preload, onLine }: StartOptions = {},
): Promise<Started> {
  const child = spawn(command, args, {
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(preload === undefined ? [] : (['ipc'] as const))],
  });
  const printed: string[] = [];
  const address = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      printed.push(line);
      onLine?.(line);
      if (printed.length > 200) printed.shift();
      const found = told(line);
      if (found !== null) address.resolve(found);
    });
  }
  const fail = (why: string): void =>
    address.reject(new Error(`${command} ${args.join(' ')} ${why}:\n${printed.join('\n')}`));
  child.once('exit', (code, signal) => fail(`ended (${code ?? signal})`));
  const timer = setTimeout(() => fail('did not start'), startDeadlineMs);
  const kill = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  try {
    return { child, address: await address.promise, kill };
  } catch (error) {
    await kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function start(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  told: (line: string) => string | null,
  options: StartOptions = {},
): Promise<Started> {
  const before = options.preload === undefined ? [] : ['--import', path(`test/${options.preload}`)];
  return startCommand(execPath, [...heapFlags, ...before, path(file), ...args], env, told, options);
}

/** The address in a line of the sandbox. */
export const toldBySandbox = (line: string): string | null => /listening on (http:\S+)/.exec(line)?.[1] ?? null;

/** The address in a line of the service; an empty one of a worker. */
export function toldByService(line: string): string | null {
  if (!line.includes('"msg":"listening"')) return null;
  const { address } = JSON.parse(line) as { address: string | null };
  return address ?? '';
}

export function startSandbox(...args: readonly string[]): Promise<Started> {
  return start('src/sandbox/main.ts', ['--port', '0', ...args], {}, toldBySandbox);
}

export function startService(
  role: 'all' | 'api' | 'worker',
  env: Record<string, string>,
  options?: StartOptions,
): Promise<Started> {
  return start('src/main.ts', role === 'all' ? [] : [role], { ...quick, ...env }, toldByService, options);
}
