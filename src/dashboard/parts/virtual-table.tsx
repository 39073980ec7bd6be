/**
 * A table of any length: only the rows on screen are there. Rows are chosen by arrow keys or j and k, and opened by
 * Enter. Its parent decides what a row shows.
 */
import { useSignal, type Signal } from '@preact/signals';
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualItem,
} from '@tanstack/virtual-core';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Rows } from '../data/rows.ts';
import { setRowKeys } from '../data/keys.ts';
import { Empty, Failure, Loading } from './states.tsx';
import { t } from '../data/texts.ts';

export interface Column {
  readonly name: string;
  readonly label: string;
}

interface TableProps<Row> {
  readonly label: string;
  /** A class of the style sheet, which knows its columns. */
  readonly look: string;
  readonly columns: readonly Column[];
  readonly rows: Rows<Row>;
  readonly rowHeight: number;
  readonly show: (row: Row) => ComponentChildren;
  readonly open: (row: Row) => void;
  readonly empty: ComponentChildren;
}

type Scroller = Virtualizer<HTMLDivElement, HTMLDivElement>;

function useVirtual(count: number, rowHeight: number, rows: Rows<never>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, draw] = useState(0);
  const made = useRef<Scroller | null>(null);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => draw((before) => before + 1),
  };
  made.current ??= new Virtualizer<HTMLDivElement, HTMLDivElement>(options);
  const virtual = made.current;
  virtual.setOptions(options);
  useLayoutEffect(() => virtual._didMount(), [virtual]);
  useLayoutEffect(() => virtual._willUpdate());
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 20;
  useEffect(() => rows.show(first, last), [rows, first, last, count]);
  return { scroller, virtual, items };
}

export function VirtualTable<Row extends { readonly id: string }>(props: TableProps<Row>) {
  const { rows, columns, rowHeight, label } = props;
  const total = rows.total.value;
  const chosen = useSignal(-1);
  const { scroller, virtual, items } = useVirtual(total ?? 0, rowHeight, rows as unknown as Rows<never>);
  useEffect(() => {
    const move = (by: number): void => {
      const next = Math.max(0, Math.min((rows.total.peek() ?? 1) - 1, chosen.peek() + by));
      chosen.value = next;
      virtual.scrollToIndex(next);
      scroller.current?.focus({ preventScroll: true });
    };
    return setRowKeys({
      move,
      open: () => {
        const row = rows.at(chosen.peek()).peek();
        if (row !== null) props.open(row);
      },
    });
  }, [rows, virtual]);
  if (rows.failure.value !== null && total === null) {
    return <Failure error={rows.failure.value} again={rows.refresh} />;
  }
  if (total === null) return <Loading lines={12} />;
  if (total === 0) return <>{props.empty}</>;
  return (
    <div class={`table ${props.look}`} role="table" aria-label={label} aria-rowcount={total + 1}>
      <div class="row head" role="row" aria-rowindex={1}>
        {columns.map(({ name, label: text }) => (
          <span key={name} class={`cell ${name}`} role="columnheader">
            {text}
          </span>
        ))}
      </div>
      {/* Reachable by keyboard, or nobody could scroll it without a mouse. */}
      <div
        class="scroller"
        ref={scroller}
        role="rowgroup"
        tabIndex={0}
        aria-label={label}
        style={{ '--rows-height': `${virtual.getTotalSize()}px` }}
      >
        <div class="sizer" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
          {items.map((item) => (
            <RowView key={item.index} item={item} cell={rows.at(item.index)} chosen={chosen} {...props} />
          ))}
        </div>
      </div>
    </div>
  );
}

interface RowProps<Row> extends TableProps<Row> {
  readonly item: VirtualItem;
  readonly cell: Signal<Row | null>;
  readonly chosen: Signal<number>;
}

function RowView<Row extends { readonly id: string }>({ item, cell, chosen, show, rowHeight }: RowProps<Row>) {
  const row = cell.value;
  const isChosen = chosen.value === item.index;
  return (
    <div
      class={isChosen ? 'row chosen' : 'row'}
      role="row"
      aria-rowindex={item.index + 2}
      aria-current={isChosen ? 'true' : undefined}
      onFocusIn={() => (chosen.value = item.index)}
      style={{ transform: `translateY(${item.start}px)`, height: `${rowHeight}px` }}
    >
      {row === null ? (
        <span class="cell ghost-cell" role="cell" aria-label={t('loading')}>
          <span class="ghost" />
        </span>
      ) : (
        show(row)
      )}
    </div>
  );
}

export const nothing = (title: string, lead?: string): ComponentChildren => <Empty title={title}>{lead}</Empty>;
