/** All webhook deliveries, newest first, with their attempts; sending one again; trying a receiver out. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeliveryView } from '../data/delivery.ts';
import { act, read, toQuery } from '../data/call.ts';
import { precise } from '../data/format.ts';
import { overview } from '../data/live.ts';
import { address, queryOf } from '../data/route.ts';
import { mayAct } from '../data/session.ts';
import { named, t } from '../data/texts.ts';
import { Deliveries } from '../parts/deliveries.tsx';
import { Empty, Failure, Loading } from '../parts/states.tsx';
import { SelectField } from '../parts/toolbar.tsx';
import { useLoaded } from '../parts/use-loaded.ts';

interface DeliveryPage {
  readonly data: readonly DeliveryView[];
  readonly next_cursor: string | null;
}

const pageSize = 50;

export function WebhooksPage() {
  void address.value;
  const status = queryOf('status');
  const first = `/webhook-deliveries?${toQuery({ status, limit: pageSize })}`;
  return (
    <>
      <div class="page-head">
        <h1>{t('webhooks')}</h1>
      </div>
      <div class="toolbar">
        <SelectField
          name="status"
          label={t('status')}
          options={[
            { value: '', text: t('any_status') },
            ...['pending', 'delivered', 'failed'].map((value) => ({ value, text: named('s_', value) })),
          ]}
        />
      </div>
      <List key={status} first={first} />
      {mayAct.value ? <Test /> : null}
    </>
  );
}

function List({ first }: { readonly first: string }) {
  const { value, failure, reload } = useLoaded<DeliveryPage>(first);
  const more = useSignal<readonly DeliveryView[]>([]);
  const cursor = useSignal<string | null | undefined>(undefined);
  const hooks = overview.value;
  const sign = JSON.stringify([hooks?.webhooks, hooks?.minutes.at(-1)?.hooks, hooks?.minutes.at(-1)?.hook_failures]);
  useEffect(reload, [sign, reload]);
  const shown = value.value;
  if (shown === null) {
    return failure.value === null ? <Loading lines={6} /> : <Failure error={failure.value} again={reload} />;
  }
  if (shown.data.length === 0) return <Empty title={t('no_match')} />;
  const next = cursor.value === undefined ? shown.next_cursor : cursor.value;
  const known = new Set(shown.data.map(({ id }) => id));
  const readMore = async (): Promise<void> => {
    const page = await read<DeliveryPage>(`${first}&${toQuery({ cursor: next })}`);
    more.value = [...more.value, ...page.data];
    cursor.value = page.next_cursor;
  };
  return (
    <section class="card">
      <Deliveries rows={[...shown.data, ...more.value.filter(({ id }) => !known.has(id))]} changed={reload} withBatch />
      {next === null ? null : (
        <button type="button" onClick={() => void readMore().catch(reload)}>
          {t('more')}
        </button>
      )}
    </section>
  );
}

interface TestResult {
  readonly status: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
}

function Test() {
  const url = useSignal('');
  const secret = useSignal('');
  const outcome = useSignal<{ readonly text: string; readonly bad: boolean } | null>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    outcome.value = null;
    try {
      const body = { url: url.value, ...(secret.value === '' ? {} : { secret: secret.value }) };
      const result = await act<TestResult>('/webhooks/test', body);
      const said = [result.status === null ? '' : `HTTP ${result.status}`, result.error ?? ''].join(' ').trim();
      outcome.value =
        result.error === null
          ? { text: t('test_ok', { n: said, m: precise(result.duration_ms) }), bad: false }
          : { text: t('test_bad', { n: said }), bad: true };
    } catch (error) {
      outcome.value = { text: t('refused', { n: error instanceof Error ? error.message : '' }), bad: true };
    }
  };
  return (
    <section class="card">
      <h2>{t('test_title')}</h2>
      <p class="muted">{t('test_lead')}</p>
      <form class="test-form" onSubmit={(event) => void submit(event)}>
        <label class="field">
          {t('test_url')}
          <input type="url" required value={url.value} onInput={(event) => (url.value = event.currentTarget.value)} />
        </label>
        <label class="field">
          {t('test_secret')}
          <input
            type="password"
            autocomplete="off"
            value={secret.value}
            onInput={(event) => (secret.value = event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          {t('test_send')}
        </button>
      </form>
      <p role="status" class={outcome.value?.bad === true ? 'problem' : ''}>
        {outcome.value?.text}
      </p>
    </section>
  );
}
