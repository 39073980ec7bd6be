/** Starts a program of this package as a child, waits until it says where it listens, and ends it. Its words go to a log. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { DemoError } from './demo-error.ts';

export interface ChildOptions {
  readonly what: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logPath: string;
  /** Where it listens, if this line says so. */
  readonly toAddress: (line: string) => string | null;
  readonly signal: AbortSignal;
  /** It ended although nobody asked it to. */
  readonly onLost: (error: DemoError) => void;
}

export interface Child {
  readonly address: string;
  stop(): Promise<void>;
}

/** The first start may have to fetch Redis. */
const startTimeoutMs = 60_000;
/** The service hands over its open work first. */
const stopTimeoutMs = 15_000;

export async function startChild(options: ChildOptions): Promise<Child> {
  const log = createWriteStream(options.logPath);
  // A group of its own: Ctrl-C reaches the demo alone, which then ends its children in order.
  const child = spawn(process.execPath, options.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env,
    detached: true,
  });
  child.stderr.pipe(log, { end: false });
  let isStopping = false;
  const gone = new Promise<never>((_, reject) => {
    child.once('exit', () => {
      const error = new DemoError(`${options.what} ended by itself. Its log is ${options.logPath}`);
      if (!isStopping) options.onLost(error);
      reject(error);
    });
  });
  const stop = async (): Promise<void> => {
    isStopping = true;
    await end(child);
    log.end();
  };
  try {
    const address = await Promise.race([gone, readAddress(child, options, log), timeOut(options)]);
    return { address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readAddress(child: ChildProcess, options: ChildOptions, log: NodeJS.WritableStream): Promise<string> {
  if (child.stdout === null) throw new DemoError(`${basename(options.logPath)}: the child has no output`);
  const found = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    const address = options.toAddress(line);
    if (address !== null) found.resolve(address);
  });
  return await found.promise;
}

async function timeOut({ what, logPath, signal }: ChildOptions): Promise<never> {
  await delay(startTimeoutMs, undefined, { signal, ref: false });
  throw new DemoError(`${what} does not start. Its log is ${logPath}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}
