/** The log of one file: its moves, newest last, as the process logged them. */
import type { FileDetail } from '../../api/dashboard-wire.ts';
import { time } from '../data/format.ts';
import { named, t } from '../data/texts.ts';

export function FileLog({ lines }: { readonly lines: FileDetail['log'] }) {
  return (
    <section class="card">
      <h2>{t('log')}</h2>
      {lines.length === 0 ? (
        <p class="muted">{t('no_log')}</p>
      ) : (
        <ol class="log" tabIndex={0} aria-label={t('log')}>
          {lines.map((line, at) => (
            <li key={at}>
              <time class="figure muted">{time(line.at)}</time>
              <code>{line.event}</code>
              <span>→ {named('s_', line.to)}</span>
              <span class="muted">
                #{line.run}
                {line.note === null ? '' : ` ${line.note}`}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
