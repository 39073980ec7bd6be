/** All batches: searched, filtered and sorted by the server, a page for what is on screen; rows move by themselves. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { BatchRow, BatchRows } from '../../api/dashboard-wire.ts';
import { read, toQuery } from '../data/call.ts';
import { count, duration } from '../data/format.ts';
import { listen, overview, whenBack } from '../data/live.ts';
import { address, batchHref, fileHref, go, queryOf, setQuery } from '../data/route.ts';
import { isAdmin } from '../data/session.ts';
import { named, t } from '../data/texts.ts';
import { Bar } from '../parts/bar.tsx';
import { Mark } from '../parts/mark.tsx';
import { Ago } from '../parts/times.tsx';
import { SearchField, SelectField } from '../parts/toolbar.tsx';
import { isNarrow } from '../parts/use-narrow.ts';
import { useRows } from '../parts/use-rows.ts';
import { nothing, VirtualTable } from '../parts/virtual-table.tsx';

const statuses = ['processing', 'queued', 'paused', 'blocked', 'canceling', 'completed', 'failed', 'canceled'];
const sorts = ['newest', 'oldest', 'failed', 'remaining', 'total'] as const;

const isPartial = signal(false);
const matched = signal<BatchRows['matched']>({});

export function BatchesPage() {
  void address.value;
  const query = toQuery({
    q: queryOf('q'),
    status: queryOf('status'),
    tenant: queryOf('tenant'),
    sort: queryOf('sort'),
  });
  const rows = useRows<BatchRow>(query, async (offset, limit, ending) => {
    const part = await read<BatchRows>(`/dashboard/api/batches?${query}&${toQuery({ offset, limit })}`, ending);
    isPartial.value = part.partial;
    matched.value = part.matched;
    return part;
  });
  useEffect(() => {
    const stops = [listen('batches', ({ ids }) => void follow(rows, ids, query !== '')), whenBack(rows.refresh)];
    return () => stops.forEach((stop) => stop());
  }, [rows]);
  return (
    <>
      <div class="page-head">
        <h1>{t('batches')}</h1>
        <span class="muted figure">
          {rows.total.value === null ? '' : t('n_batches', { n: count(rows.total.value) })}
        </span>
        {isPartial.value ? <span class="muted">{t('partial')}</span> : null}
      </div>
      <Toolbar />
      <VirtualTable
        label={t('batches')}
        look="batches-table"
        rows={rows}
        rowHeight={isNarrow() ? 84 : 46}
        columns={[
          { name: 'name', label: t('name') },
          { name: 'status', label: t('status') },
          { name: 'progress', label: t('progress') },
          { name: 'failed', label: t('failed') },
          { name: 'eta', label: t('eta') },
          { name: 'credits', label: t('credits') },
          { name: 'created', label: t('created') },
        ]}
        show={(row) => <Cells row={row} />}
        open={(row) => go(hrefOf(row))}
        empty={query === '' ? nothing(t('no_batches'), t('no_batches_lead')) : nothing(t('no_match'))}
      />
    </>
  );
}

/** Searched for by the custom id of a file: that file is what is wanted. */
function hrefOf({ id }: BatchRow): string {
  const found = matched.value[id];
  return found === undefined ? batchHref(id) : fileHref(id, found.fileId);
}

/** Filters and other orders: a change anywhere may bring a row or take one away, which may wait for a moment. */
const sortedAgainMs = 3000;
let sortedAt = 0;

/** Rows on screen are fetched anew. A batch is new where its id, which begins with the time, is beyond the newest. */
async function follow(
  rows: ReturnType<typeof useRows<BatchRow>>,
  ids: readonly string[],
  isFiltered: boolean,
): Promise<void> {
  const shown = new Set(rows.shownIds());
  const wanted = ids.filter((id) => shown.has(id)).slice(0, 200);
  if (wanted.length > 0) {
    // What cannot be read now comes with the next change, or when the connection is back.
    const path = `/dashboard/api/batch-rows?ids=${wanted.join(',')}`;
    const answer = await read<{ rows: BatchRow[] }>(path).catch(() => null);
    rows.patch(answer?.rows ?? []);
  }
  const newest = rows.at(0).peek()?.id ?? '';
  const isDue = isFiltered ? Date.now() - sortedAt > sortedAgainMs : ids.some((id) => id > newest);
  if (!isDue) return;
  sortedAt = Date.now();
  rows.refresh();
}

function Toolbar() {
  const tenants = [...new Set([...(overview.value?.tenants ?? []), queryOf('tenant')])];
  const hasFilter = ['q', 'status', 'tenant', 'sort'].some((name) => queryOf(name) !== '');
  return (
    <div class="toolbar">
      <SearchField hint={t('search_batches')} />
      <SelectField
        name="status"
        label={t('status')}
        options={[
          { value: '', text: t('any_status') },
          ...statuses.map((value) => ({ value, text: named('s_', value) })),
        ]}
      />
      {isAdmin.value && tenants.length > 1 ? (
        <SelectField
          name="tenant"
          label={t('tenant')}
          options={[
            { value: '', text: t('any_tenant') },
            ...tenants.filter((name) => name !== '').map((value) => ({ value, text: value })),
          ]}
        />
      ) : null}
      <SelectField
        name="sort"
        label={t('sort')}
        options={sorts.map((value) => ({ value: value === 'newest' ? '' : value, text: t(`sort_${value}`) }))}
      />
      {hasFilter ? (
        <button type="button" class="quiet" onClick={() => setQuery({ q: '', status: '', tenant: '', sort: '' })}>
          {t('clear')}
        </button>
      ) : null}
    </div>
  );
}

function Cells({ row }: { readonly row: BatchRow }) {
  const { counts, credits, eta } = row;
  const ended = counts.completed + counts.failed + counts.canceled;
  const found = matched.value[row.id];
  return (
    <>
      <span class="cell name" role="cell">
        <a class="stretch" href={hrefOf(row)}>
          <bdi>{row.name ?? row.id}</bdi>
        </a>
        <small>{found === undefined ? <Owner row={row} /> : <bdi>{t('found_file', { n: found.customId })}</bdi>}</small>
      </span>
      <span class="cell status" role="cell">
        <Mark status={row.status} />
      </span>
      <span class="cell progress" role="cell">
        <Bar counts={counts} />
        <span class="figure">
          {count(ended)} / {count(counts.total)}
        </span>
      </span>
      <span class="cell failed figure" role="cell">
        {counts.failed === 0 ? <span class="muted">0</span> : <b class="bad">{count(counts.failed)}</b>}
      </span>
      <span class="cell eta figure" role="cell">
        {eta === null ? <span class="muted">–</span> : duration(eta.seconds * 1000)}
      </span>
      <span class="cell credits figure" role="cell">
        {count(credits.spent)} <span class="muted">/ {count(credits.estimated)}</span>
      </span>
      <span class="cell created figure muted" role="cell">
        <Ago at={row.created_at} />
      </span>
    </>
  );
}

const Owner = ({ row }: { readonly row: BatchRow }) => (
  <>
    {isAdmin.value ? <bdi>{row.tenant}</bdi> : null} <code>{row.id.slice(-8)}</code>
  </>
);
