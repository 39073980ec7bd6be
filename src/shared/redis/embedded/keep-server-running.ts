/** Keeps one server up on its data: when it dies under us it is started again on the same socket, so clients return. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { startServer, type RunningServer, type ServerPlan } from './start-server.ts';

const firstRestartMs = 100;
/** A full disk or a broken file may last: then once in 5 s is enough. */
const maxRestartMs = 5_000;

export type KeptServer = { readonly close: () => Promise<void> };

export async function keepServerRunning(plan: ServerPlan, log: Log, signal?: AbortSignal): Promise<KeptServer> {
  const closing = new AbortController();
  let server: RunningServer = await startServer(plan, signal);
  const watch = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const end = await server.ended;
      if (closing.signal.aborted) return;
      log.error({ process_id: server.processId, end }, 'The embedded Redis ended; starting it again');
      const next = await restart(plan, log, closing.signal);
      if (next === null) return;
      server = next;
    }
  };
  const watching = watch();
  const close = async (): Promise<void> => {
    closing.abort();
    await server.stop();
    await watching;
    // A restart may have won the race with this close.
    await server.stop();
  };
  return { close };
}

/** Tries until it runs or is closed: null then. */
async function restart(plan: ServerPlan, log: Log, signal: AbortSignal): Promise<RunningServer | null> {
  for (let waitMs = firstRestartMs; !signal.aborted; waitMs = Math.min(2 * waitMs, maxRestartMs)) {
    try {
      await delay(waitMs, undefined, { signal });
      const server = await startServer(plan, signal);
      log.info({ process_id: server.processId }, 'The embedded Redis is back');
      return server;
    } catch (error) {
      if (!signal.aborted)
        log.error({ err: error, wait_ms: waitMs }, 'The embedded Redis does not start; trying again');
    }
  }
  return null;
}
