/** What happened to a batch, its webhook attempts, and what it was asked for. */
import { useEffect } from 'preact/hooks';
import type { BatchDetail } from '../../api/dashboard-wire.ts';
import type { DeliveryView } from '../data/delivery.ts';
import { time } from '../data/format.ts';
import { listen } from '../data/live.ts';
import { named, t } from '../data/texts.ts';
import { Deliveries } from './deliveries.tsx';
import { Loading } from './states.tsx';
import { useLoaded } from './use-loaded.ts';

interface Moment {
  readonly at: string | null;
  readonly text: string;
}

export function BatchStory({ detail }: { readonly detail: BatchDetail }) {
  const { batch, instructions } = detail;
  const path = `/webhook-deliveries?limit=50&batch_id=${batch.id}`;
  const { value, reload } = useLoaded<{ data: DeliveryView[] }>(path);
  useEffect(() => listen('batch', reload), [reload]);
  const deliveries = value.value?.data ?? null;
  return (
    <div class="two-sides">
      <div class="side">
        <section class="card">
          <h2>{t('deliveries')}</h2>
          {deliveries === null ? (
            <Loading />
          ) : deliveries.length === 0 ? (
            <p class="muted">{t('no_deliveries')}</p>
          ) : (
            <Deliveries rows={deliveries} changed={reload} />
          )}
        </section>
        <section class="card">
          <h2>{t('timeline')}</h2>
          <ol class="moments">
            {momentsOf(detail, deliveries ?? []).map(({ at, text }) => (
              <li key={`${at} ${text}`}>
                <time>{at === null ? t('running_now') : time(at)}</time>
                <span>{text}</span>
              </li>
            ))}
          </ol>
        </section>
      </div>
      <section class="card">
        <h2>{t('instructions')}</h2>
        <ol class="instructions">
          {instructions.map((text, at) => (
            <li key={at}>
              <bdi>{text}</bdi>
            </li>
          ))}
        </ol>
        {Object.keys(batch.metadata).length === 0 ? null : (
          <>
            <h2>{t('metadata')}</h2>
            <pre>{JSON.stringify(batch.metadata, null, 2)}</pre>
          </>
        )}
      </section>
    </div>
  );
}

function momentsOf({ batch }: BatchDetail, deliveries: readonly DeliveryView[]): Moment[] {
  const past: Moment[] = [
    { at: batch.created_at, text: t('t_created') },
    ...(batch.started_at === null ? [] : [{ at: batch.started_at, text: t('t_started') }]),
    ...deliveries.map(({ created_at, type, status }) => ({
      at: created_at,
      text: t('t_hook', { n: type, m: named('s_', status) }),
    })),
    ...(batch.finished_at === null
      ? []
      : [{ at: batch.finished_at, text: t('t_finished', { n: named('s_', batch.status) }) }]),
  ];
  const present: Moment[] = [
    ...(batch.blocked === null ? [] : [{ at: null, text: t('t_blocked', { n: named('b_', batch.blocked.reason) }) }]),
    ...(batch.status === 'paused' ? [{ at: null, text: t('t_paused') }] : []),
  ];
  return [...past.toSorted((one, other) => (one.at ?? '').localeCompare(other.at ?? '')), ...present];
}
