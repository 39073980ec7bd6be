/**
 * Knows at any moment whether Redis answers, and whether it still holds our data. A frozen server closes nothing, and
 * one that was restarted without its file answers as if there had never been a batch: both show only to who asks all
 * the time. It decides nothing: the API refuses by it, the workers catch up by it.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import type { Keys } from './keys.ts';

/** here: answers, with our data. away: does not answer. emptied: answers, and our data is gone. */
export type RedisState = 'here' | 'away' | 'emptied';

export interface RedisWatch {
  readonly state: () => RedisState;
  /** Ms since it was last seen away: 0 while it is, Infinity when it never was. */
  readonly sinceAwayMs: () => number;
  /** Something was refused for a reason that passes by itself (full, read-only): as good as away for who runs. */
  readonly noteTrouble: () => void;
  /** From now on a store without this mark is not ours any more (know-store.ts). */
  readonly expect: (mark: string) => void;
  /** Called each time it is here again; returns how to stop. */
  readonly onReturn: (listener: () => void) => () => void;
  readonly close: () => void;
}

export interface RedisWatchOptions {
  readonly redis: Redis;
  /** For subscriptions alone: it sends nothing by itself, so it would never notice that its peer is gone. */
  readonly subscriber: Redis;
  readonly keys: Keys;
  readonly log: Log;
  /** Unanswered for so long, a connection is given up: what waits on it fails (API) or is sent again (worker). */
  readonly giveUpMs: number;
}

const pulseMs = 500;
/** Far beyond what a slow server takes for a GET (500 ms a command is borne), short enough for "at once". */
const patienceMs = 1500;

export function watchRedis({ redis, subscriber, keys, log, giveUpMs }: RedisWatchOptions): RedisWatch {
  const listeners = new Set<() => void>();
  let state: RedisState = 'here';
  let awaySeenAt = -Infinity;
  let expected: string | null = null;
  const closing = new AbortController();

  const become = (next: RedisState): void => {
    const before = state;
    state = next;
    if (next === 'away') awaySeenAt = performance.now();
    if (next === before || closing.signal.aborted) return;
    if (next === 'emptied') log.fatal('Redis answers, but the data of this installation is gone: nothing goes on');
    if (next !== 'here') return;
    awaySeenAt = performance.now();
    log.info({ was: before }, 'Redis answers, with our data');
    for (const listener of listeners) listener();
  };
  const judge = (mark: string | null): void => become(expected === null || mark === expected ? 'here' : 'emptied');
  const onClose = (): void => become('away');
  // Asked before anything else on the new connection, so its answer is known before any other's.
  const onReady = (): void => void redis.get(keys.storeMark()).then(judge, () => undefined);
  redis.on('close', onClose).on('ready', onReady);

  const pulse = async (): Promise<void> => {
    const answer = await ask(redis, () => redis.get(keys.storeMark()), giveUpMs, onClose);
    if (answer === null) become('away');
    else judge(answer.value);
  };
  const pulses = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await delay(pulseMs, undefined, { ref: false });
      await Promise.all([pulse(), ask(subscriber, () => subscriber.ping(), giveUpMs)]);
    }
  };
  void pulses();
  return {
    state: () => state,
    sinceAwayMs: () => (state === 'away' ? 0 : performance.now() - awaySeenAt),
    noteTrouble: () => void (awaySeenAt = performance.now()),
    expect: (mark) => void (expected = mark),
    onReturn: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      closing.abort();
      redis.off('close', onClose).off('ready', onReady);
    },
  };
}

type Answer<T> = { readonly value: T } | null;

/** Null: no answer. `onLate` is called as soon as patience is over, before the connection is given up. */
async function ask<T>(
  client: Redis,
  send: () => Promise<T>,
  giveUpMs: number,
  onLate: () => void = () => undefined,
): Promise<Answer<T>> {
  const answer = answerOf(client, send);
  const soon = await within(answer, patienceMs);
  if (soon !== 'late') return soon;
  onLate();
  const later = await within(answer, Math.max(0, giveUpMs - patienceMs));
  if (later !== 'late') return later;
  client.disconnect(true);
  return null;
}

/** A handshake that hangs is waited for, too, so that it is given up; while there is no connection, ioredis tries. */
function answerOf<T>(client: Redis, send: () => Promise<T>): Promise<Answer<T>> {
  if (client.status === 'ready') {
    return send().then(
      (value) => ({ value }),
      () => null,
    );
  }
  if (client.status !== 'connect') return Promise.resolve(null);
  return new Promise((resolve) => {
    client.once('ready', () => resolve(null)).once('close', () => resolve(null));
  });
}

async function within<T>(work: Promise<T>, mostMs: number): Promise<T | 'late'> {
  const timer = new AbortController();
  const late = delay(mostMs, 'late' as const, { signal: timer.signal, ref: false }).catch(() => 'late' as const);
  const first = await Promise.race([work, late]);
  timer.abort();
  if (first !== 'late') return first;
  // A process that was held up itself finds the reply in its socket now: that is no absence.
  await nextTurn();
  return Promise.race([work, Promise.resolve('late' as const)]);
}
