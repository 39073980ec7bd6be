/** Who waits, what is slow, and what all of it runs on. */
import type { Overview } from '../../api/dashboard-wire.ts';
import { bytes, count } from '../data/format.ts';
import { fileHref, root } from '../data/route.ts';
import { named, t } from '../data/texts.ts';
import { Mark } from './mark.tsx';
import { Ago } from './times.tsx';

export function Fleet({ seen }: { readonly seen: Overview }) {
  return (
    <div class="two-sides">
      <div class="side">
        <Slow seen={seen} />
        <Workers seen={seen} />
      </div>
      <div class="side">
        <Waiting seen={seen} />
        <Facts seen={seen} />
      </div>
    </div>
  );
}

function Slow({ seen }: { readonly seen: Overview }) {
  return (
    <section class="card">
      <h2>{t('slow_now')}</h2>
      {seen.slow.length === 0 ? (
        <p class="muted">{t('no_slow')}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{t('file')}</th>
              <th scope="col">{t('status')}</th>
              <th scope="col" class="figure">
                {t('for_')}
              </th>
              <th scope="col">{t('waits_for')}</th>
            </tr>
          </thead>
          <tbody>
            {seen.slow.map((file) => (
              <tr key={file.id}>
                <td class="text">
                  <a href={fileHref(file.batchId, file.id)}>
                    <bdi>{file.name}</bdi>
                  </a>
                </td>
                <td>
                  <Mark status={file.status} />
                </td>
                <td class="figure">
                  <Ago at={file.since} />
                </td>
                <td>{file.waits === null ? '–' : named('w_', file.waits)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Waiting({ seen }: { readonly seen: Overview }) {
  return (
    <section class="card">
      <h2>{t('waiting_by_tenant')}</h2>
      {seen.waiting.length === 0 ? (
        <p class="muted">{t('nothing_waits')}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{t('tenant')}</th>
              <th scope="col" class="figure">
                {t('files')}
              </th>
              <th scope="col" class="figure">
                {t('oldest_since')}
              </th>
            </tr>
          </thead>
          <tbody>
            {seen.waiting.slice(0, 12).map((row) => (
              <tr key={row.tenant}>
                <td class="text">
                  <a href={`${root}/batches?tenant=${encodeURIComponent(row.tenant)}&sort=remaining`}>
                    <bdi>{row.tenant}</bdi>
                  </a>
                </td>
                <td class="figure">{count(row.files)}</td>
                <td class="figure">
                  <Ago at={row.oldest} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Workers({ seen }: { readonly seen: Overview }) {
  return (
    <section class="card">
      <h2>{t('workers')}</h2>
      {seen.workers.length === 0 ? (
        <p class="problem">{t('no_workers')}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{t('name')}</th>
              <th scope="col">{t('version')}</th>
              <th scope="col" class="figure">
                {t('running')}
              </th>
              <th scope="col" class="figure">
                {t('memory')}
              </th>
              <th scope="col" class="figure">
                {t('last_step')}
              </th>
            </tr>
          </thead>
          <tbody>
            {seen.workers.map((worker) => (
              <tr key={worker.id}>
                <td class="text">
                  <bdi>
                    {worker.host}:{worker.pid}
                  </bdi>
                </td>
                <td>{worker.version}</td>
                <td class="figure">{count(worker.running)}</td>
                <td class="figure">{bytes(worker.rssBytes)}</td>
                <td class="figure">{worker.lastStepAt === null ? t('never') : <Ago at={worker.lastStepAt} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Facts({ seen }: { readonly seen: Overview }) {
  const { redis, account, webhooks, minutes } = seen;
  const isDurable = redis.appendOnly && redis.lastWriteOk && redis.policy === 'noeviction';
  const memory =
    redis.maxBytes === 0 ? bytes(redis.usedBytes) : t('of', { n: bytes(redis.usedBytes), m: bytes(redis.maxBytes) });
  const sum = (name: 'hooks' | 'hook_failures'): string =>
    count(minutes.reduce((total, minute) => total + minute[name], 0));
  return (
    <section class="card">
      <h2>
        {t('redis')} <small>{redis.version}</small>
      </h2>
      <dl class="facts">
        <Fact name={t('memory')} value={memory} />
        <Fact name={t('latency')} value={`${redis.latencyMs} ms`} />
        <Fact name={t('persistence')} value={isDurable ? t('durable') : t('not_durable')} bad={!isDurable} />
        <Fact name={t('keys')} value={count(redis.keys)} />
      </dl>
      <h2>{t('account')}</h2>
      <dl class="facts">
        <Fact name={t('kind')} value={account.kind === null ? '–' : t(account.kind)} />
        <Fact
          name={t('credits')}
          value={account.available === null ? t('credits_unknown') : count(account.available)}
        />
        <Fact name={t('frozen', { n: '' }).trim()} value={account.frozen === null ? '–' : count(account.frozen)} />
      </dl>
      <h2>
        <a href={`${root}/webhooks`}>{t('outbox')}</a>
      </h2>
      <dl class="facts">
        <Fact name={t('due')} value={count(webhooks.due)} />
        <Fact name={t('overdue')} value={count(webhooks.overdue)} bad={webhooks.overdue > 0} />
        <Fact name={t('hooks_hour')} value={sum('hooks')} />
        <Fact name={t('hook_failures_hour')} value={sum('hook_failures')} bad={sum('hook_failures') !== '0'} />
      </dl>
    </section>
  );
}

function Fact({ name, value, bad = false }: { readonly name: string; readonly value: string; readonly bad?: boolean }) {
  return (
    <div class={bad ? 'bad' : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
