/**
 * What a process has opened, to be closed in reverse order, also when the start failed half-way. A close that fails or
 * hangs is logged and passed over: the others behind it must still be closed.
 */
import type { Log } from './log.ts';

export type Resources = {
  add: (name: string, close: () => unknown) => void;
  /** Opens and adds in one go: what failed to open has nothing to close. */
  open: <Opened>(name: string, open: () => Promise<Opened>, close: (opened: Opened) => unknown) => Promise<Opened>;
  /** May be called again; what was added meanwhile is closed too. */
  closeAll: (log: Log) => Promise<void>;
};

type Entry = { name: string; close: () => unknown };

/** `closeTimeoutMs` bounds each close, so that the sum stays below a supervisor's patience. */
export function createResources({ closeTimeoutMs = 10_000 }: { closeTimeoutMs?: number } = {}): Resources {
  const entries: Entry[] = [];
  let closing: Promise<void> = Promise.resolve();

  const add: Resources['add'] = (name, close) => void entries.push({ name, close });
  const open: Resources['open'] = async (name, openOne, close) => {
    const opened = await openOne();
    add(name, () => close(opened));
    return opened;
  };
  const closeRest = async (log: Log, before: Promise<void>): Promise<void> => {
    await before;
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      await closeOne(entry, closeTimeoutMs, log);
    }
  };
  const closeAll: Resources['closeAll'] = (log) => (closing = closeRest(log, closing));
  return { add, open, closeAll };
}

async function closeOne({ name, close }: Entry, timeoutMs: number, log: Log): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<'timeout'>();
  const timer = setTimeout(() => resolve('timeout'), timeoutMs);
  try {
    const outcome = await Promise.race([(async () => close())(), timeout]);
    if (outcome === 'timeout') log.warn({ resource: name, timeout_ms: timeoutMs }, 'Closing took too long; going on');
  } catch (error) {
    log.error({ resource: name, err: error }, 'Closing failed; going on');
  } finally {
    clearTimeout(timer);
  }
}
