/** Failures by what went wrong, how many, and a retry of just those. */
import type { BatchDetail, FailureGroup } from '../../api/dashboard-wire.ts';
import { askRetry } from '../data/actions.ts';
import { count } from '../data/format.ts';
import { setQuery } from '../data/route.ts';
import { mayAct } from '../data/session.ts';
import { named, t } from '../data/texts.ts';

export function Failures({ detail }: { readonly detail: BatchDetail }) {
  const { failures, batch } = detail;
  if (failures.length === 0) return null;
  const canRetry = mayAct.value && batch.status !== 'canceled' && batch.status !== 'canceling';
  return (
    <section class="card failures">
      <h2>
        {t('failures')}
        {canRetry && failures.length > 1 ? (
          <button type="button" onClick={() => askRetry(batch.id, failures, true)}>
            {t('retry_all')}
          </button>
        ) : null}
      </h2>
      <ul>
        {failures.map((group) => (
          <Group key={`${group.code} ${group.step}`} batchId={batch.id} group={group} canRetry={canRetry} />
        ))}
      </ul>
    </section>
  );
}

interface GroupProps {
  readonly batchId: string;
  readonly group: FailureGroup;
  readonly canRetry: boolean;
}

function Group({ batchId, group, canRetry }: GroupProps) {
  return (
    <li>
      <span class="figure big">{count(group.count)}</span>
      <span class="what">
        <b>{named('e_', group.code)}</b>
        <small>
          <code>{group.code}</code> · {named('step_', group.step)}
          {group.retryable ? '' : ` · ${t('not_retryable')}`}
        </small>
      </span>
      <span class="buttons">
        <button type="button" class="quiet" onClick={() => setQuery({ status: 'failed', code: group.code })}>
          {t('show_them')}
        </button>
        {canRetry ? (
          <button type="button" class="primary" onClick={() => askRetry(batchId, [group], false)}>
            {group.count === 1 ? t('retry_1') : t('retry_n', { n: count(group.count) })}
          </button>
        ) : null}
      </span>
    </li>
  );
}
