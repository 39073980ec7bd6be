/** The entry of the command `batch-video`: this process's streams and signals, its arguments, its exit code. */
import process from 'node:process';
import { openInterrupt } from './interrupt.ts';
import { runCli } from './run-cli.ts';

const interrupt = openInterrupt({ canAsk: process.stdout.isTTY });
// `batch-video list | head` closes the pipe early: that is an end, not a failure.
process.stdout.on('error', () => process.exit());
process.exitCode = await runCli({ stdout: process.stdout, stderr: process.stderr, interrupt }, process.argv.slice(2));
interrupt.close();
