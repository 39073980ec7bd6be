/** Loaded into an API process: at SIGWINCH (SIGUSR2 would close it) it writes how long its event loop was blocked at most since the last time. */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process, { env } from 'node:process';

const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
process.on('SIGWINCH', () => {
  writeFileSync(env['BENCH_PROBE'] ?? '', JSON.stringify({ maxMs: loop.max / 1e6 }));
  loop.reset();
});
