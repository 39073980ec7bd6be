/** The files of a batch, however many: what each is at, why it waits, what went wrong. Rows move by themselves. */
import { batch } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { FileRow, FileRows } from '../../api/dashboard-wire.ts';
import type { BatchView } from '../../shared/to-batch-resource.ts';
import { read, toQuery } from '../data/call.ts';
import { count, time } from '../data/format.ts';
import { listen, whenBack } from '../data/live.ts';
import type { Rows } from '../data/rows.ts';
import { fileHref, go, queryOf } from '../data/route.ts';
import { named, t } from '../data/texts.ts';
import { Mark } from './mark.tsx';
import { SearchField } from './toolbar.tsx';
import { isNarrow } from './use-narrow.ts';
import { useRows } from './use-rows.ts';
import { nothing, VirtualTable } from './virtual-table.tsx';

/** One request names so many rows; a screen holds fewer. */
const mostAsked = 200;

export function BatchFiles({ id, counts }: { readonly id: string; readonly counts: BatchView['counts'] }) {
  const query = toQuery({ q: queryOf('q'), status: queryOf('status'), code: queryOf('code') });
  const path = `/dashboard/api/batches/${id}`;
  const rows = useRows<FileRow>(`${id} ${query}`, (offset, limit, ending) =>
    read<FileRows>(`${path}/files?${query}&${toQuery({ offset, limit })}`, ending),
  );
  useFollowing(path, rows, query !== '');
  return (
    <>
      <div class="toolbar">
        <SearchField hint={t('search_files')} />
        <span class="muted figure">{t('n_files', { n: count(rows.total.value ?? counts.total) })}</span>
      </div>
      <VirtualTable
        label={t('files')}
        look="files-table"
        rows={rows}
        rowHeight={isNarrow() ? 70 : 42}
        columns={[
          { name: 'index', label: '#' },
          { name: 'name', label: t('name') },
          { name: 'status', label: t('status') },
          { name: 'percent', label: t('progress') },
          { name: 'why', label: t('why') },
          { name: 'attempts', label: t('attempts') },
        ]}
        show={(row) => <Cells row={row} batchId={id} />}
        open={(row) => go(fileHref(id, row.id))}
        empty={nothing(t('no_match'))}
      />
    </>
  );
}

/** The stream names the rows that are old; of those only what can be seen is asked for. */
function useFollowing(path: string, rows: Rows<FileRow>, isFiltered: boolean): void {
  useEffect(() => {
    const stale = new Set<number>();
    let isAsking = false;
    const ask = async (): Promise<void> => {
      isAsking = true;
      try {
        while (stale.size > 0) {
          const indexes = [...stale].slice(0, mostAsked);
          for (const index of indexes) stale.delete(index);
          const { rows: fresh } = await read<FileRows>(`${path}/file-rows?indexes=${indexes.join(',')}`);
          rows.patch(fresh);
        }
      } catch {
        // The next change, or the way back of the connection, brings it.
        stale.clear();
      }
      isAsking = false;
    };
    const stops = [
      listen('files', ({ indexes, all }) => {
        // With a filter a change may bring rows or take them away: the page on screen is fetched.
        if (all || isFiltered) return rows.refresh();
        const shown = new Set(rows.shownIds().map(indexOf));
        for (const index of indexes) if (shown.has(index)) stale.add(index);
        if (!isAsking) void ask();
      }),
      listen('progress', (all) =>
        batch(() => {
          for (const { file_id, progress, note } of all) {
            rows.amend(file_id, (row) => ({ ...row, progress: progress ?? row.progress, note }));
          }
        }),
      ),
      whenBack(rows.refresh),
    ];
    return () => stops.forEach((stop) => stop());
  }, [rows, path, isFiltered]);
}

/** The end of a file's id is its index in base 36. */
const indexOf = (id: string): number => parseInt(id.slice(id.lastIndexOf('_') + 1), 36);

function Cells({ row, batchId }: { readonly row: FileRow; readonly batchId: string }) {
  return (
    <>
      <span class="cell index figure muted" role="cell">
        {count(row.index + 1)}
      </span>
      <span class="cell name" role="cell">
        <a class="stretch" href={fileHref(batchId, row.id)}>
          <bdi>{row.name}</bdi>
        </a>
        {row.customId === null ? null : (
          <small>
            <bdi>{row.customId}</bdi>
          </small>
        )}
      </span>
      <span class="cell status" role="cell">
        <Mark status={row.status} />
      </span>
      <span class="cell percent" role="cell">
        <span class="gauge" aria-hidden="true">
          <span style={{ width: `${row.progress}%` }} />
        </span>
        <span class="figure">{Math.round(row.progress)} %</span>
      </span>
      <span class="cell why" role="cell">
        {whyOf(row)}
      </span>
      <span class="cell attempts figure muted" role="cell">
        {row.attempts > 1 ? t('attempts_n', { n: row.attempts }) : ''}
      </span>
    </>
  );
}

function whyOf({ error, waits, note, finishedAt }: FileRow): string {
  if (error !== null) return named('e_', error);
  if (waits !== null) {
    const until = waits.until === null ? '' : ` ${t('until', { t: time(waits.until) })}`;
    const place =
      waits.position === null || waits.position === 0 ? '' : `, ${t('place_n', { n: count(waits.position) })}`;
    return `${named('w_', waits.reason)}${until}${place}`;
  }
  return note ?? (finishedAt === null ? '' : time(finishedAt));
}
