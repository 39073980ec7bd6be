/**
 * Rows of a table far longer than the screen: pages are fetched for what is looked at, and each row is a signal of its
 * own, so that a change draws that row alone. Pages that nobody has looked at for long are dropped.
 */
import { batch, signal, type Signal } from '@preact/signals';

export interface Part<Row> {
  readonly rows: readonly Row[];
  readonly offset: number;
  readonly total: number;
}

export interface Rows<Row> {
  /** Null: not known yet. */
  readonly total: Signal<number | null>;
  readonly failure: Signal<Error | null>;
  /** Null: not there yet. */
  readonly at: (index: number) => Signal<Row | null>;
  /** What is on screen. */
  readonly show: (first: number, last: number) => void;
  /** Everything may be old: what is on screen is fetched again. */
  readonly refresh: () => void;
  /** Puts newer rows in the place of those with the same id. */
  readonly patch: (rows: readonly Row[]) => void;
  /** Changes one row where it is there. */
  readonly amend: (id: string, change: (row: Row) => Row) => void;
  readonly shownIds: () => string[];
  readonly close: () => void;
}

const pageSize = 50;
const keptPages = 40;
/** Scrolling through thousands of rows asks for where it comes to rest. */
const restMs = 60;
const refreshMs = 500;

export function createRows<Row extends { readonly id: string }>(
  load: (offset: number, limit: number, signal: AbortSignal) => Promise<Part<Row>>,
): Rows<Row> {
  const cells = new Map<number, Signal<Row | null>>();
  const places = new Map<string, number>();
  /** By number of the page: when it was fetched; in order of use. */
  const pages = new Map<number, 'loading' | 'fresh' | 'old'>();
  const ending = new AbortController();
  const total = signal<number | null>(null);
  const failure = signal<Error | null>(null);
  let shown = { first: 0, last: 20 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshing: ReturnType<typeof setTimeout> | undefined;

  const at = (index: number): Signal<Row | null> => {
    const found = cells.get(index);
    if (found !== undefined) return found;
    const made = signal<Row | null>(null);
    cells.set(index, made);
    return made;
  };
  const put = (index: number, row: Row): void => {
    at(index).value = row;
    places.set(row.id, index);
  };
  const take = (part: Part<Row>): void => {
    batch(() => {
      total.value = part.total;
      failure.value = null;
      for (const [place, row] of part.rows.entries()) put(part.offset + place, row);
    });
  };
  const dropOld = (): void => {
    for (const number of pages.keys()) {
      if (pages.size <= keptPages) return;
      pages.delete(number);
      for (let index = number * pageSize; index < (number + 1) * pageSize; index += 1) {
        const row = cells.get(index)?.peek();
        if (row != null && places.get(row.id) === index) places.delete(row.id);
        cells.delete(index);
      }
    }
  };
  const fetchPage = async (number: number): Promise<void> => {
    pages.delete(number);
    pages.set(number, 'loading');
    dropOld();
    try {
      take(await load(number * pageSize, pageSize, ending.signal));
      pages.set(number, 'fresh');
    } catch (error) {
      pages.delete(number);
      if (!ending.signal.aborted) failure.value = error instanceof Error ? error : new Error(String(error));
    }
  };
  const touch = (number: number, state: 'loading' | 'fresh'): void => {
    pages.delete(number);
    pages.set(number, state);
  };
  const fetchShown = (): void => {
    const end = Math.min(shown.last, Math.max(0, (total.peek() ?? 1) - 1));
    for (let number = Math.floor(shown.first / pageSize); number * pageSize <= end; number += 1) {
      const state = pages.get(number);
      if (state === undefined || state === 'old') void fetchPage(number);
      else touch(number, state);
    }
  };
  void fetchPage(0);
  return {
    total,
    failure,
    at,
    show: (first, last) => {
      shown = { first, last };
      clearTimeout(timer);
      timer = setTimeout(fetchShown, restMs);
    },
    refresh: () => {
      refreshing ??= setTimeout(() => {
        refreshing = undefined;
        for (const [number, state] of pages) if (state === 'fresh') pages.set(number, 'old');
        fetchShown();
      }, refreshMs);
    },
    patch: (rows) => {
      batch(() => {
        for (const row of rows) {
          const place = places.get(row.id);
          if (place !== undefined) at(place).value = row;
        }
      });
    },
    amend: (id, change) => {
      const place = places.get(id);
      const cell = place === undefined ? undefined : cells.get(place);
      const row = cell?.peek();
      if (cell !== undefined && row != null) cell.value = change(row);
    },
    shownIds: () => {
      const ids: string[] = [];
      for (let index = shown.first; index <= shown.last; index += 1) {
        const row = cells.get(index)?.peek();
        if (row != null) ids.push(row.id);
      }
      return ids;
    },
    close: () => {
      ending.abort();
      clearTimeout(timer);
      clearTimeout(refreshing);
    },
  };
}
