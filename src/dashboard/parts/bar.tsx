/** Files of a batch by status, as one stacked bar; with a legend that filters where it is told to. */
import type { BatchView } from '../../shared/to-batch-resource.ts';
import { count } from '../data/format.ts';
import { named, t } from '../data/texts.ts';

/** In the order of a file's way, what has ended first. */
export const shownStatuses = [
  'completed',
  'failed',
  'canceled',
  'delivering',
  'rendering',
  'checking',
  'editing',
  'uploading',
  'parked',
  'queued',
] as const;
type Counts = BatchView['counts'];

const say = (counts: Counts): string =>
  shownStatuses
    .filter((status) => counts[status] > 0)
    .map((status) => `${named('s_', status)} ${count(counts[status])}`)
    .join(', ');

export function Bar({ counts }: { readonly counts: Counts }) {
  return (
    <span class="bar" role="img" aria-label={say(counts)} title={say(counts)}>
      {shownStatuses.map((status) =>
        counts[status] === 0 ? null : (
          <span
            key={status}
            class={`part ${status}`}
            style={{ width: `${(100 * counts[status]) / Math.max(1, counts.total)}%` }}
          />
        ),
      )}
    </span>
  );
}

interface FilterProps {
  readonly counts: Counts;
  readonly chosen: string;
  readonly choose: (status: string) => void;
}

export function FilterBar({ counts, chosen, choose }: FilterProps) {
  const there = shownStatuses.filter((status) => counts[status] > 0 || status === chosen);
  return (
    <div class="filter">
      <Bar counts={counts} />
      <div class="chips" role="group" aria-label={t('filter_by')}>
        <button type="button" class="chip" aria-pressed={chosen === ''} onClick={() => choose('')}>
          {t('all')} <b>{count(counts.total)}</b>
        </button>
        {there.map((status) => (
          <button
            key={status}
            type="button"
            class="chip"
            aria-pressed={chosen === status}
            onClick={() => choose(chosen === status ? '' : status)}
          >
            <span class={`swatch ${status}`} aria-hidden="true" />
            {named('s_', status)} <b>{count(counts[status])}</b>
          </button>
        ))}
      </div>
    </div>
  );
}
