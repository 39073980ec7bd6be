/**
 * What a process has opened, to be closed in reverse order, also when the start failed half-way. Before anything is
 * closed, everything drains at the same time, so that no part takes new work while another one still ends its own. A
 * close that fails or hangs is logged and passed over: the others behind it must still be closed.
 */
import type { Log } from './log.ts';

export type Resources = {
  add: (name: string, close: () => unknown) => void;
  /** Called at once when the end begins, beside all others: take nothing new, let what runs come to its end. */
  onDrain: (name: string, drain: () => unknown) => void;
  /** Opens and adds in one go: what failed to open has nothing to close. */
  open: <Opened>(name: string, open: () => Promise<Opened>, close: (opened: Opened) => unknown) => Promise<Opened>;
  /** May be called again; what was added meanwhile is closed too. */
  closeAll: (log: Log) => Promise<void>;
};

type Entry = { name: string; close: () => unknown };
type Bounds = { closeTimeoutMs?: number; drainTimeoutMs?: number };

/** `closeTimeoutMs` bounds each close, `drainTimeoutMs` the drain, so that the sum stays below a supervisor's patience. */
export function createResources({ closeTimeoutMs = 10_000, drainTimeoutMs = 60_000 }: Bounds = {}): Resources {
  const entries: Entry[] = [];
  const drains: Entry[] = [];
  let closing: Promise<void> = Promise.resolve();

  const add: Resources['add'] = (name, close) => void entries.push({ name, close });
  const onDrain: Resources['onDrain'] = (name, drain) => void drains.push({ name, close: drain });
  const open: Resources['open'] = async (name, openOne, close) => {
    const opened = await openOne();
    add(name, () => close(opened));
    return opened;
  };
  const closeRest = async (log: Log, before: Promise<void>): Promise<void> => {
    const draining = drains.splice(0).map((entry) => closeOne(entry, drainTimeoutMs, log));
    await Promise.all([before, ...draining]);
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      await closeOne(entry, closeTimeoutMs, log);
    }
  };
  const closeAll: Resources['closeAll'] = (log) => (closing = closeRest(log, closing));
  return { add, onDrain, open, closeAll };
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
