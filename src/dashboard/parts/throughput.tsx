/** Files that ended, turns and renders: by the minute over an hour, by the hour over a day. */
import { signal } from '@preact/signals';
import type { Overview } from '../../api/dashboard-wire.ts';
import { count } from '../data/format.ts';
import { t } from '../data/texts.ts';
import { Chart, type Series } from './chart.tsx';

const range = signal<'hour_1' | 'hour_24'>('hour_1');

export function Throughput({ seen }: { readonly seen: Overview }) {
  const isHour = range.value === 'hour_1';
  const points = isHour ? seen.minutes : seen.hours;
  const values = (name: 'done' | 'failed' | 'turns' | 'renders'): number[] => points.map((point) => point[name]);
  const files: Series[] = [
    { label: t('s_failed'), color: '--s-failed', values: values('failed') },
    { label: t('s_completed'), color: '--s-completed', values: values('done') },
  ];
  const work: Series[] = [
    { label: t('turns'), color: '--s-editing', values: values('turns') },
    { label: t('renders'), color: '--s-rendering', values: values('renders'), dash: [6, 4] },
  ];
  const shared = { stepSeconds: isHour ? 60 : 3600, now: seen.now };
  return (
    <section class="charts">
      <div class="switch" role="group" aria-label={t('range')}>
        {(['hour_1', 'hour_24'] as const).map((name) => (
          <button key={name} type="button" aria-pressed={range.value === name} onClick={() => (range.value = name)}>
            {t(name)}
          </button>
        ))}
      </div>
      <div class="card">
        <h2>
          {t('chart_files')} <small>{t(isHour ? 'per_minute' : 'per_hour')}</small>
        </h2>
        <Chart key={range.value} kind="bars" label={says(files)} series={files} {...shared} />
      </div>
      <div class="card">
        <h2>
          {t('chart_work')} <small>{t(isHour ? 'per_minute' : 'per_hour')}</small>
        </h2>
        <Chart key={range.value} kind="lines" label={says(work)} series={work} {...shared} />
      </div>
    </section>
  );
}

function says([one, other]: readonly Series[]): string {
  const total = (series: Series | undefined): string =>
    count((series?.values ?? []).reduce((sum, value) => sum + value, 0));
  return t('chart_says', { a: one?.label ?? '', n: total(one), b: other?.label ?? '', m: total(other) });
}
