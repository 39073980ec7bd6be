/** Keys without a modifier, while no field is being typed in. */
import { signal } from '@preact/signals';
import { go, root } from './route.ts';

export interface RowKeys {
  readonly move: (by: number) => void;
  readonly open: () => void;
}

let rowKeys: RowKeys | null = null;
export const helpIsOpen = signal(false);

/** The table that is on screen. Returns what takes it away again. */
export function setRowKeys(keys: RowKeys): () => void {
  rowKeys = keys;
  return () => {
    if (rowKeys === keys) rowKeys = null;
  };
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

const pagesByKey: Readonly<Record<string, string>> = {
  '1': root,
  '2': `${root}/batches`,
  '3': `${root}/webhooks`,
  '4': `${root}/queues`,
};

export function followKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
      return;
    }
    if (document.querySelector('dialog[open]') !== null) return;
    if (act(event)) event.preventDefault();
  });
}

/** True where the key was one of ours. */
function act(event: KeyboardEvent): boolean {
  const href = pagesByKey[event.key];
  if (href !== undefined) return done(() => go(href));
  switch (event.key) {
    case '/':
      return done(focusSearch);
    case '?':
      return done(() => (helpIsOpen.value = true));
    case 'j':
      return done(() => rowKeys?.move(1));
    case 'k':
      return done(() => rowKeys?.move(-1));
    case 'Enter':
      return isControl(event.target) || rowKeys === null ? false : done(() => rowKeys?.open());
    default:
      return false;
  }
}

const isControl = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('a, button, summary, video') !== null;

function done(work: () => unknown): true {
  work();
  return true;
}

/** Where the page has no search of its own, the batches' is meant. */
function focusSearch(): void {
  const find = (): HTMLInputElement | null => document.querySelector('input[type="search"]');
  if (find() === null) go(`${root}/batches`);
  requestAnimationFrame(() => find()?.focus());
}
