/** Name, status, buttons and figures of a batch. */
import type { BatchDetail } from '../../api/dashboard-wire.ts';
import { askCancel, askPause, askResume } from '../data/actions.ts';
import { count, duration } from '../data/format.ts';
import { isAdmin, mayAct } from '../data/session.ts';
import { named, t } from '../data/texts.ts';
import { CopyId } from './copy-id.tsx';
import { Mark } from './mark.tsx';
import { Tile } from './tile.tsx';
import { Ago } from './times.tsx';

export function BatchHead({ detail }: { readonly detail: BatchDetail }) {
  const { batch } = detail;
  return (
    <>
      <div class="page-head">
        <h1>
          <bdi>{batch.name ?? batch.id}</bdi>
        </h1>
        <Mark status={batch.status} />
        <Buttons detail={detail} />
      </div>
      <p class="under-head">
        <CopyId id={batch.id} />
        {isAdmin.value ? <bdi>{batch.tenant}</bdi> : null}
        {batch.round > 1 ? <span>{t('round', { n: batch.round })}</span> : null}
        {detail.maxSessions === null ? null : <span>{t('lanes', { n: detail.maxSessions })}</span>}
      </p>
      {batch.blocked === null ? null : (
        <p class="notice held">
          <b>{named('b_', batch.blocked.reason)}</b>{' '}
          {batch.blocked.help_url === null ? null : (
            <a href={batch.blocked.help_url} target="_blank" rel="noreferrer">
              {t('do_top_up')}
            </a>
          )}
        </p>
      )}
      <Tiles detail={detail} />
    </>
  );
}

const ended = ['completed', 'failed', 'canceled'];

function Buttons({ detail }: { readonly detail: BatchDetail }) {
  const { status } = detail.batch;
  if (!mayAct.value || ended.includes(status) || status === 'canceling') return null;
  const isHeld = status === 'paused' || detail.batch.blocked?.reason === 'max_credits';
  return (
    <div class="buttons">
      {isHeld ? (
        <button type="button" class="primary" onClick={() => askResume(detail)}>
          {t('resume')}
        </button>
      ) : (
        <button type="button" onClick={() => askPause(detail)}>
          {t('pause')}
        </button>
      )}
      <button type="button" class="danger" onClick={() => askCancel(detail)}>
        {t('cancel')}
      </button>
    </div>
  );
}

function Tiles({ detail }: { readonly detail: BatchDetail }) {
  const { counts, credits, eta, started_at, finished_at, created_at } = detail.batch;
  const done = counts.completed + counts.failed + counts.canceled;
  const isMeasured = credits.spent_is === 'measured';
  return (
    <section class="tiles" aria-label={t('progress')}>
      <Tile
        label={t('progress')}
        value={`${count(done)} / ${count(counts.total)}`}
        detail={t('n_files', { n: count(counts.total) })}
        share={done / Math.max(1, counts.total)}
      />
      <Tile
        label={t('failed')}
        value={count(counts.failed)}
        tone={counts.failed > 0 ? 'bad' : undefined}
        detail={counts.parked > 0 ? `${named('s_', 'parked')}: ${count(counts.parked)}` : ''}
      />
      <Tile
        label={t('time_left')}
        value={eta === null ? '–' : duration(eta.seconds * 1000)}
        detail={eta === null ? '' : t('between', { n: duration(eta.low * 1000), m: duration(eta.high * 1000) })}
      />
      <Tile
        label={t('spent')}
        value={count(credits.spent)}
        detail={isMeasured ? t('spent_measured') : t('spent_estimated', { n: count(credits.estimated) })}
        extra={detail.maxCredits === null ? undefined : t('max_credits', { n: count(detail.maxCredits) })}
      />
      <Tile
        label={finished_at === null ? t('started') : t('finished')}
        value=""
        detail=""
        extra={
          <span class="tile-time">
            {finished_at === null && started_at === null ? (
              '–'
            ) : (
              <AgoText at={finished_at ?? started_at ?? created_at} />
            )}
          </span>
        }
      />
    </section>
  );
}

function AgoText({ at }: { readonly at: string }) {
  const [before = '', after = ''] = t('ago', { n: '\u0000' }).split('\u0000');
  return (
    <>
      {before}
      <Ago at={at} />
      {after}
    </>
  );
}
