/** Where the person is: the address, as a signal. Filters live in its query, so that a view can be sent to a colleague. */
import { computed, signal } from '@preact/signals';

export const root = '/dashboard';

export interface Address {
  readonly path: string;
  readonly query: URLSearchParams;
}

const read = (): Address => ({ path: location.pathname, query: new URLSearchParams(location.search) });
export const address = signal<Address>(read());

export type Page =
  | { readonly name: 'overview' | 'batches' | 'webhooks' | 'queues' | 'unknown' }
  | { readonly name: 'batch'; readonly id: string }
  | { readonly name: 'file'; readonly id: string; readonly batchId: string };

export const page = computed<Page>(() => toPage(address.value.path));

function toPage(path: string): Page {
  const [first = '', id, second, fileId, ...rest] = path.slice(root.length).split('/').filter(Boolean);
  if (rest.length > 0) return { name: 'unknown' };
  if (first === '') return { name: 'overview' };
  if (first === 'webhooks' || first === 'queues') return { name: first };
  if (first !== 'batches') return { name: 'unknown' };
  if (id === undefined) return { name: 'batches' };
  if (second === undefined) return { name: 'batch', id };
  return second === 'files' && fileId !== undefined ? { name: 'file', id: fileId, batchId: id } : { name: 'unknown' };
}

export function go(href: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  address.value = read();
  if (!replace) scrollTo(0, 0);
}

/** Empty values leave the address. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(address.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(`${address.value.path}${text === '' ? '' : `?${text}`}`, { replace: true });
}

export const queryOf = (name: string): string => address.value.query.get(name) ?? '';

export const batchHref = (id: string): string => `${root}/batches/${id}`;
export const fileHref = (batchId: string, id: string): string => `${root}/batches/${batchId}/files/${id}`;

/** Links of ours change the address without a load; others, and those with a key held, go their way. */
export function followLinks(): void {
  addEventListener('popstate', () => (address.value = read()));
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || link.target !== '' || link.origin !== location.origin) return;
    if (toPage(link.pathname).name === 'unknown' || !link.pathname.startsWith(root)) return;
    event.preventDefault();
    go(link.href);
  });
}
