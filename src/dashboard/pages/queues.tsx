/** The queues as BullMQ sees them, in figures, and the way to Bull Board. */
import { useEffect } from 'preact/hooks';
import type { QueueView } from '../../api/dashboard-wire.ts';
import { count } from '../data/format.ts';
import { overview } from '../data/live.ts';
import { root } from '../data/route.ts';
import { isAdmin } from '../data/session.ts';
import { t } from '../data/texts.ts';
import { Failure, Loading } from '../parts/states.tsx';
import { useLoaded } from '../parts/use-loaded.ts';

export function QueuesPage() {
  const { value, failure, reload } = useLoaded<{ queues: QueueView[] }>('/dashboard/api/queues');
  const pulse = overview.value?.now;
  useEffect(reload, [pulse, reload]);
  return (
    <>
      <div class="page-head">
        <h1>{t('queues')}</h1>
        {isAdmin.value ? (
          <div class="buttons">
            <a class="button primary" href={`${root}/queues/bull`} target="_blank" rel="noreferrer">
              {t('queues_open')}
            </a>
          </div>
        ) : null}
      </div>
      <section class="card">
        <p>{t('queues_lead')}</p>
        <p class="muted">{isAdmin.value ? t('queues_readonly') : t('queues_admin')}</p>
        {value.value === null ? (
          failure.value === null ? (
            <Loading />
          ) : (
            <Failure error={failure.value} again={reload} />
          )
        ) : (
          <Table rows={value.value.queues} />
        )}
      </section>
    </>
  );
}

function Table({ rows }: { readonly rows: readonly QueueView[] }) {
  return (
    <table class="queues">
      <thead>
        <tr>
          <th scope="col">{t('queue')}</th>
          {(['q_waiting', 'q_active', 'q_delayed'] as const).map((name) => (
            <th key={name} scope="col" class="figure">
              {t(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, waiting, active, delayed }) => (
          <tr key={name}>
            <td>
              <code>{name}</code>
            </td>
            <td class="figure">{count(waiting)}</td>
            <td class="figure">{count(active)}</td>
            <td class="figure">{count(delayed)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
