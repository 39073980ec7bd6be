/** Starts a program of this package in a process of its own, so that its CPU and memory are its own, and ends it by its id. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { createInterface } from 'node:readline';

export interface Running {
  readonly pid: number;
  /** What it said where it listens. */
  readonly address: string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
const startTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;

export interface NodeProgram {
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `--cpu-prof` and the like. */
  readonly nodeArgs?: readonly string[];
}

function spawnNode({ file, args = [], env: own = {}, nodeArgs = [] }: NodeProgram): ChildProcess {
  const inherited = Object.fromEntries(['PATH', 'HOME'].map((name) => [name, env[name] ?? '']));
  const compiled = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.compile-cache') };
  return spawn(execPath, [...nodeArgs, join(root, file), ...args], {
    cwd: root,
    env: { ...inherited, ...compiled, ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** `toAddress` finds the line that says it is ready. What comes after is read and thrown away. */
export async function startNode(program: NodeProgram, toAddress: (line: string) => string | null): Promise<Running> {
  const child = spawnNode(program);
  const said: string[] = [];
  const found = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => {
      if (said.length < 50) said.push(line);
      const address = toAddress(line);
      if (address === null) return;
      found.resolve(address);
      lines.close();
      stream.resume();
    });
  }
  const fail = (why: string): void => found.reject(new Error(`${program.file} ${why}:\n${said.join('\n')}`));
  child.once('exit', (code, signal) => fail(`ended (${code ?? signal})`));
  const timer = setTimeout(() => fail('does not start'), startTimeoutMs);
  try {
    const address = await found.promise;
    child.stdout?.resume();
    child.stderr?.resume();
    return { pid: child.pid ?? 0, address, stop: (signal) => end(child, signal) };
  } catch (error) {
    await end(child, 'SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs to the end; what it printed last is its result, as JSON. */
export async function runNode<Result>(program: NodeProgram): Promise<Result> {
  const child = spawnNode(program);
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => said.push(line));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program.file} ended with ${code}:\n${said.slice(-20).join('\n')}`);
  return JSON.parse(said.at(-1) ?? '') as Result;
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}
