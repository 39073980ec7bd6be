/** `serve` and `sandbox`: run an entry of this package as a child that shares the terminal, and pass signals on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { extname, join } from 'node:path';
import process from 'node:process';
import { heapFlags } from '../../heap-flags.ts';

const entries = { serve: ['main'], sandbox: ['sandbox', 'main'] } as const;

export async function runEntry(entry: keyof typeof entries, args: readonly string[]): Promise<number> {
  // From source these are .ts files, in the published package .js ones.
  const path = `${join(import.meta.dirname, '..', '..', ...entries[entry])}${extname(import.meta.filename)}`;
  const child = spawn(process.execPath, [...heapFlags, path, ...args], { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  // A terminal gives Ctrl-C to the child as well; passed on it would be the second one, which means "at once".
  const interrupt = process.stdin.isTTY ? (): void => {} : pass;
  process.on('SIGINT', interrupt).on('SIGTERM', pass).on('SIGHUP', pass);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal ?? 'SIGTERM'];
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', pass).off('SIGHUP', pass);
  }
}
