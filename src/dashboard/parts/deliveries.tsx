/** Webhook deliveries with their attempts, each of which says what the receiver answered; sending one again. */
import { useSignal } from '@preact/signals';
import { askRedeliver } from '../data/actions.ts';
import type { DeliveryView } from '../data/delivery.ts';
import { precise, time } from '../data/format.ts';
import { batchHref } from '../data/route.ts';
import { mayAct } from '../data/session.ts';
import { t } from '../data/texts.ts';
import { Mark } from './mark.tsx';
import { Countdown } from './times.tsx';

interface DeliveriesProps {
  readonly rows: readonly DeliveryView[];
  readonly changed: () => void;
  readonly withBatch?: boolean;
}

export function Deliveries({ rows, changed, withBatch = false }: DeliveriesProps) {
  return (
    <ul class="deliveries">
      {rows.map((row) => (
        <Row key={row.id} row={row} changed={changed} withBatch={withBatch} />
      ))}
    </ul>
  );
}

function Row({ row, changed, withBatch }: { row: DeliveryView; changed: () => void; withBatch: boolean }) {
  const isOpen = useSignal(false);
  const last = row.attempts.at(-1);
  return (
    <li data-delivery={row.id}>
      <div class="delivery">
        <Mark status={row.status} />
        <span class="what">
          <b>{row.type}</b>
          <small>
            <bdi>{hostOf(row.url)}</bdi>
            {withBatch ? <a href={batchHref(row.batch_id)}>{t('batch')}</a> : null}
          </small>
        </span>
        <span class="figure muted">{time(row.created_at)}</span>
        <span class="last">
          {last === undefined ? '' : outcomeOf(last)}
          {row.next_attempt_at === null || row.status !== 'pending' ? null : (
            <small>
              {t('next_attempt')}: <Countdown until={row.next_attempt_at} />
            </small>
          )}
        </span>
        <span class="buttons">
          {row.attempts.length === 0 ? null : (
            <button
              type="button"
              class="quiet"
              aria-expanded={isOpen.value}
              onClick={() => (isOpen.value = !isOpen.value)}
            >
              {t(isOpen.value ? 'hide_attempts' : 'show_attempts')} ({row.attempts.length})
            </button>
          )}
          {mayAct.value ? (
            <button type="button" onClick={() => askRedeliver(row.id, changed)}>
              {t('redeliver')}
            </button>
          ) : null}
        </span>
      </div>
      {isOpen.value ? <Attempts row={row} /> : null}
    </li>
  );
}

function Attempts({ row }: { readonly row: DeliveryView }) {
  return (
    <ol class="attempt-log">
      {row.attempts.map((attempt) => (
        <li key={attempt.at}>
          <time class="figure">{time(attempt.at)}</time>
          <b class={attempt.error === null ? 'good' : 'bad'}>{outcomeOf(attempt)}</b>
          <span class="figure muted">{precise(attempt.duration_ms)}</span>
          {attempt.response === null || attempt.response === '' ? null : <code>{attempt.response}</code>}
        </li>
      ))}
    </ol>
  );
}

const outcomeOf = ({ status, error }: DeliveryView['attempts'][number]): string =>
  [status === null ? '' : `HTTP ${status}`, error ?? ''].filter((part) => part !== '').join(' · ');

/** The path of a receiver may hold a secret; its host says enough. */
const hostOf = (url: string | null): string => (url !== null && URL.canParse(url) ? new URL(url).host : '–');
