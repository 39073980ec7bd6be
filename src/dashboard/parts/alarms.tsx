/** What needs a person: one sentence each, with the button that helps. Nothing: that, too, is said. */
import type { Alarm } from '../../api/dashboard-wire.ts';
import { bytes, count, duration, time } from '../data/format.ts';
import { second, serverNow } from '../data/clock.ts';
import { batchHref, root } from '../data/route.ts';
import { t, type TextName } from '../data/texts.ts';
import { Shape } from './mark.tsx';

export function Alarms({ alarms }: { readonly alarms: readonly Alarm[] }) {
  if (alarms.length === 0) {
    return (
      <section class="alarms well" aria-label={t('alarms')}>
        <p>
          <Shape tone="good" /> <b>{t('healthy')}.</b> {t('healthy_lead')}
        </p>
      </section>
    );
  }
  return (
    <section class="alarms" aria-label={t('alarms')}>
      <ul>
        {alarms.map((alarm) => (
          <AlarmLine key={alarm.code} alarm={alarm} />
        ))}
      </ul>
    </section>
  );
}

function AlarmLine({ alarm }: { readonly alarm: Alarm }) {
  void second.value;
  const help = helpOf(alarm);
  return (
    <li class={alarm.level}>
      <span class="level">
        <Shape tone={alarm.level === 'critical' ? 'bad' : 'held'} />
        {t(alarm.level)}
      </span>
      <span class="sentence">{sentenceOf(alarm)}</span>
      {help === null ? null : (
        <a class="button" href={help.href} {...(help.outside ? { target: '_blank', rel: 'noreferrer' } : {})}>
          {t(help.text)}
        </a>
      )}
    </li>
  );
}

function sentenceOf({ code, count: n, other, since }: Alarm): string {
  return t(`alarm_${code}`, {
    n: count(n ?? 0),
    m: count(other ?? 0),
    nb: bytes(n ?? 0),
    mb: bytes(other ?? 0),
    since: since === null ? t('never') : t('since', { t: `${time(since)} (${duration(serverNow() - since)})` }),
    left: duration((since ?? 0) - serverNow()),
  });
}

interface HelpLink {
  readonly text: TextName;
  readonly href: string;
  readonly outside: boolean;
}

/** Restarts and settings are no matter of a page; for those the sentence says what to do. */
function helpOf({ code, url, batchId, count: n }: Alarm): HelpLink | null {
  const own = (text: TextName, path: string): HelpLink => ({ text, href: `${root}${path}`, outside: false });
  switch (code) {
    case 'out_of_credits':
    case 'credits_short':
      return url === null ? null : { text: 'do_top_up', href: url, outside: true };
    case 'max_credits':
      if (n === 1 && batchId !== null) return { text: 'do_open_batch', href: batchHref(batchId), outside: false };
      return own('do_open_blocked', '/batches?status=blocked');
    case 'paused_long':
      if (n === 1 && batchId !== null) return { text: 'do_open_batch', href: batchHref(batchId), outside: false };
      return own('do_open_paused', '/batches?status=paused');
    case 'many_failures':
      return own('do_open_failed', '/batches?sort=failed');
    case 'webhooks_failing':
      return own('do_open_webhooks', '/webhooks?status=failed');
    case 'no_worker':
    case 'work_not_taken':
      return own('do_open_processing', '/batches?sort=remaining');
    case 'token_invalid':
    case 'upstream_down':
    case 'rate_limited':
    case 'mixed_versions':
    case 'redis_memory':
    case 'redis_not_durable':
      return null;
  }
}
