/** The server's time, and a signal that ticks once a second for whatever counts up or down. */
import { signal } from '@preact/signals';

let offsetMs = 0;

/** Ms of the clock that the server's times are of. */
export const serverNow = (): number => Date.now() + offsetMs;

export function setServerClock(now: number): void {
  offsetMs = now - Date.now();
}

export const second = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) second.value = Date.now();
  }, 1000);
}
