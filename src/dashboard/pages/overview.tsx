/** Is it healthy, what is stuck, on what, since when, what will it cost: in one look. */
import type { Overview } from '../../api/dashboard-wire.ts';
import { count, duration, short } from '../data/format.ts';
import { overview } from '../data/live.ts';
import { root } from '../data/route.ts';
import { t } from '../data/texts.ts';
import { Alarms } from '../parts/alarms.tsx';
import { Loading } from '../parts/states.tsx';
import { Countdown } from '../parts/times.tsx';
import { Fleet } from '../parts/fleet.tsx';
import { Throughput } from '../parts/throughput.tsx';
import { Tile } from '../parts/tile.tsx';

export function OverviewPage() {
  const seen = overview.value;
  return (
    <>
      <h1 class="hidden">{t('overview')}</h1>
      {seen === null ? (
        <Loading lines={8} />
      ) : (
        <>
          <Alarms alarms={seen.alarms} />
          <Tiles seen={seen} />
          <Throughput seen={seen} />
          <Fleet seen={seen} />
        </>
      )}
    </>
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function Tiles({ seen }: { readonly seen: Overview }) {
  const { account, minutes, hours, waiting, now } = seen;
  const waits = sum(waiting.map(({ files }) => files));
  const oldest = waiting.length === 0 ? null : Math.min(...waiting.map(({ oldest: since }) => since));
  const failedHour = sum(minutes.map(({ failed }) => failed));
  const isPaused = account.until > now;
  const isNarrow = account.window < account.maxWindow;
  return (
    <section class="tiles" aria-label={t('overview')}>
      <Tile
        label={t('in_flight')}
        value={short(account.inFlight)}
        detail={
          isNarrow ? t('window_cut', { n: count(account.maxWindow) }) : t('of_window', { n: count(account.window) })
        }
        share={account.inFlight / account.window}
        tone={isNarrow ? 'held' : undefined}
        extra={isNarrow ? t('of_window', { n: count(account.window) }) : undefined}
      />
      <Tile
        label={t('waiting_files')}
        value={short(waits)}
        detail={oldest === null ? t('nothing_waits') : t('oldest', { n: duration(now - oldest) })}
        href={`${root}/batches?sort=remaining`}
      />
      <Tile
        label={t('done_hour')}
        value={short(sum(minutes.map(({ done }) => done)))}
        detail={t('done_day', { n: short(sum(hours.map(({ done }) => done))) })}
      />
      <Tile
        label={t('failed_hour')}
        value={short(failedHour)}
        detail={t('failed_day', { n: short(sum(hours.map(({ failed }) => failed))) })}
        tone={failedHour > 0 ? 'bad' : undefined}
        href={`${root}/batches?sort=failed`}
      />
      <Tile
        label={t('credits')}
        value={account.available === null ? '–' : short(account.available)}
        tone={account.blocked === null ? undefined : 'bad'}
        detail={account.available === null ? t('credits_unknown') : creditsDetail(account)}
        extra={account.creditsPerHour > 0 ? t('burn', { n: count(account.creditsPerHour) }) : undefined}
      />
      <Tile
        label={t('limited')}
        value={short(sum(minutes.map(({ limited }) => limited)))}
        tone={isPaused ? 'held' : undefined}
        detail={isPaused ? '' : t('not_paused')}
        extra={isPaused ? <PausedFor until={account.until} /> : undefined}
      />
    </section>
  );
}

function creditsDetail({ emptyInMs, frozen, creditsPerHour }: Overview['account']): string {
  if (emptyInMs !== null) return t('empty_in', { n: duration(emptyInMs) });
  if (frozen !== null && frozen > 0) return t('frozen', { n: count(frozen) });
  return creditsPerHour === 0 ? t('no_burn') : '';
}

function PausedFor({ until }: { readonly until: number }) {
  const [before = '', after = ''] = t('paused_for', { n: '\u0000' }).split('\u0000');
  return (
    <>
      {before}
      <Countdown until={until} />
      {after}
    </>
  );
}
