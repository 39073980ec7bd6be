/**
 * Starts one Redis server as a child and waits until that very child answers. A watchdog ends the server in good order
 * when this process dies without a word. It never restarts anything: keep-server-running.ts does.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { askServer } from './ask-server.ts';
import { EmbeddedRedisError } from './embedded-redis-error.ts';
import { runEnvironment, type RedisBinary } from './redis-binary.ts';

export type ServerPlan = {
  readonly binary: RedisBinary;
  readonly folder: string;
  readonly socketPath: string;
  readonly appendfsync: 'always' | 'everysec' | 'no';
};

export type RunningServer = {
  readonly processId: number;
  /** Resolves when the server has ended, for whatever reason, with a text for the log. */
  readonly ended: Promise<string>;
  readonly stop: () => Promise<void>;
};

const answerCheckMs = 25;
/** A server that does not even listen by then never will; loading a big file may take longer and is waited for. */
const listenTimeoutMs = 30_000;
/** Orderly end: one flush and fsync. After that it is killed; appendfsync always has lost nothing by then. */
const stopTimeoutMs = 10_000;
const maxOutputChars = 4_000;

export async function startServer(plan: ServerPlan, signal?: AbortSignal): Promise<RunningServer> {
  signal?.throwIfAborted();
  // The working folder is what a later start recognises a stray by (end-stray-servers.ts). Detached: Ctrl-C in a
  // terminal goes to the whole group, and Redis must outlive the draining of the service.
  const child = spawn(plan.binary.program, serverArguments(plan), {
    cwd: plan.folder,
    env: runEnvironment(plan.binary.libraryPath),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = collectOutput(child);
  const ended = endOf(child, output);
  if (child.pid === undefined) throw new EmbeddedRedisError('start_failed', `Redis did not start: ${await ended}`);
  const watchdog = startWatchdog(child.pid);
  void ended.then(() => watchdog.kill('SIGKILL'));
  const server = { processId: child.pid, ended, stop: () => stopServer(child, ended) };
  try {
    await untilAnswering(plan.socketPath, server, signal);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function serverArguments({ socketPath, folder, appendfsync }: ServerPlan): string[] {
  const settings = {
    port: '0',
    unixsocket: socketPath,
    unixsocketperm: '700',
    dir: folder,
    appendonly: 'yes',
    appendfsync,
    'maxmemory-policy': 'noeviction',
    save: '',
    daemonize: 'no',
    'always-show-logo': 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/**
 * A shell that waits for the end of its stdin, which is a pipe that only this process holds: the kernel closes it at
 * kill -9 as well. It is ended first whenever the server has ended, so that it never signals a reused process id.
 */
function startWatchdog(serverId: number): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -TERM "$1"', 'sh', String(serverId)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
    detached: true,
  });
  watchdog.on('error', () => {
    // Without it a kill -9 leaves a stray, which the next start ends.
  });
  watchdog.stdin?.on('error', () => {});
  return watchdog;
}

function collectOutput(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-maxOutputChars)));
  }
  return () => text.trim().split('\n').slice(-8).join('\n');
}

async function endOf(child: ChildProcess, output: () => string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.once('error', (error) => resolve(error.message));
  child.once('exit', (code, signal) => resolve(`exit ${code ?? signal}\n${output()}`));
  return promise;
}

async function untilAnswering(socketPath: string, server: RunningServer, signal?: AbortSignal): Promise<void> {
  let end: string | null = null;
  void server.ended.then((text) => (end = text));
  for (let waitedMs = 0; ; waitedMs += answerCheckMs) {
    signal?.throwIfAborted();
    const facts = await askServer(socketPath);
    if (end !== null) throw new EmbeddedRedisError('start_failed', `Redis ended while starting: ${String(end)}`);
    if (facts !== null && facts.processId !== server.processId) {
      throw new EmbeddedRedisError(
        'start_failed',
        `Another server (process ${facts.processId}) answers on ${socketPath}`,
      );
    }
    if (facts !== null && !facts.isLoading) return;
    if (facts === null && waitedMs > listenTimeoutMs) {
      throw new EmbeddedRedisError('start_failed', `Redis does not listen on ${socketPath}`);
    }
    await delay(answerCheckMs);
  }
}

async function stopServer(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  // SIGTERM is Redis's own orderly shutdown: flush and fsync the append-only file, then exit.
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await Promise.race([exited, ended]);
  clearTimeout(timer);
}
