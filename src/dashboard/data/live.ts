/**
 * The one event stream of what is on screen. It says what is old; whoever shows it listens. Silence longer than a few
 * pulses counts as a lost connection, which the page says, with how old its figures are.
 */
import { effect, signal } from '@preact/signals';
import type { LiveMessages, Overview } from '../../api/dashboard-wire.ts';
import { setServerClock } from './clock.ts';
import { page, type Page } from './route.ts';
import { askWhoIAm, isLoggedIn } from './session.ts';

export const overview = signal<Overview | null>(null);
export const connection = signal<'connecting' | 'live' | 'lost'>('connecting');
/** Of this machine's clock. */
export const lastSeenAt = signal(Date.now());

/** The server sends something every two seconds. */
const silentMs = 7000;
const reopenMs = 3000;

type Heard = Exclude<keyof LiveMessages, 'hello' | 'overview'>;
type Listener<Name extends Heard> = (message: LiveMessages[Name]) => void;
const listeners: { [Name in Heard]: Set<Listener<Name>> } = {
  batches: new Set(),
  batch: new Set(),
  files: new Set(),
  progress: new Set(),
};
/** After a connection that was lost nobody knows what was missed. */
const onBack = new Set<() => void>();

export function listen<Name extends Heard>(name: Name, listener: Listener<Name>): () => void {
  listeners[name].add(listener);
  return () => listeners[name].delete(listener);
}

export function whenBack(listener: () => void): () => void {
  onBack.add(listener);
  return () => onBack.delete(listener);
}

const viewOf = (shown: Page): string => {
  if (shown.name === 'batch') return `view=batch&id=${shown.id}`;
  if (shown.name === 'file') return `view=batch&id=${shown.batchId}`;
  return shown.name === 'batches' ? 'view=batches' : 'view=overview';
};

/** A tab that nobody looks at holds a connection of the few that a browser opens to one server. */
const hiddenMs = 30_000;
const isHidden = signal(false);

let source: EventSource | null = null;
/** Nothing was heard for a while: what is shown may be old. */
let isStale = false;
let reopening: ReturnType<typeof setTimeout> | undefined;

/** A stream that was only silent for long goes on without a word about it. */
function seen(): void {
  if (!navigator.onLine) return;
  const wasAway = isStale || connection.peek() === 'lost';
  lastSeenAt.value = Date.now();
  connection.value = 'live';
  isStale = false;
  if (wasAway) for (const listener of onBack) listener();
}

function open(view: string): void {
  source?.close();
  clearTimeout(reopening);
  // What a tab did not hear while it was hidden is no lost connection.
  if (isStale) lastSeenAt.value = Date.now();
  const stream = new EventSource(`/dashboard/api/live?${view}`);
  source = stream;
  const on = (name: string, take: (text: string) => void): void => {
    stream.addEventListener(name, (event: MessageEvent<string>) => {
      seen();
      take(event.data);
    });
  };
  on('hello', (text) => {
    setServerClock((JSON.parse(text) as LiveMessages['hello']).now);
  });
  on('overview', (text) => (overview.value = JSON.parse(text) as Overview));
  for (const name of Object.keys(listeners) as Heard[]) {
    on(name, (text) => {
      // The server's own message of that name.
      const message = JSON.parse(text) as never;
      for (const listener of listeners[name]) listener(message);
    });
  }
  stream.addEventListener('error', () => {
    // A browser gives up for good after an answer that is no stream; the others it opens again itself.
    if (stream.readyState === EventSource.CLOSED && source === stream) {
      reopening = setTimeout(() => open(view), reopenMs);
      // It may be that the login is over.
      askWhoIAm().catch(() => undefined);
    }
  });
}

function close(): void {
  source?.close();
  source = null;
  isStale = true;
  lastSeenAt.value = Date.now();
  clearTimeout(reopening);
}

export function followLive(): void {
  let shown = '';
  effect(() => {
    const view = isLoggedIn.value && !isHidden.value ? viewOf(page.value) : '';
    if (view === shown) return;
    shown = view;
    if (view === '') close();
    else open(view);
  });
  let hiding: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(() => (isHidden.value = true), hiddenMs);
    else isHidden.value = false;
  });
  setInterval(() => {
    if (source !== null && Date.now() - lastSeenAt.peek() > silentMs) connection.value = 'lost';
  }, 1000);
  addEventListener('offline', () => (connection.value = 'lost'));
  addEventListener('online', () => shown !== '' && open(shown));
}
