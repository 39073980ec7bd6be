/** One file: what it looks like, its way so far, what was said to it and what came back, and one more instruction. */
import { useEffect } from 'preact/hooks';
import type { FileDetail } from '../../api/dashboard-wire.ts';
import { listen, whenBack } from '../data/live.ts';
import { batchHref, root } from '../data/route.ts';
import { isAdmin, mayAct } from '../data/session.ts';
import { named, t } from '../data/texts.ts';
import { count, time } from '../data/format.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { FileLog } from '../parts/file-log.tsx';
import { FileWay } from '../parts/file-way.tsx';
import { Mark } from '../parts/mark.tsx';
import { Players } from '../parts/players.tsx';
import { Say } from '../parts/say.tsx';
import { Failure, Loading } from '../parts/states.tsx';
import { useLoaded } from '../parts/use-loaded.ts';
import { askRetry } from '../data/actions.ts';

export function FilePage({ id, batchId }: { readonly id: string; readonly batchId: string }) {
  const { value, failure, reload } = useLoaded<FileDetail>(`/dashboard/api/batches/${batchId}/files/${id}`);
  useEffect(() => {
    const index = parseInt(id.slice(id.lastIndexOf('_') + 1), 36);
    const stops = [
      listen('files', ({ indexes, all }) => {
        if (all || indexes.includes(index)) reload();
      }),
      listen('progress', (all) => {
        if (all.some(({ file_id }) => file_id === id)) reload();
      }),
      whenBack(reload),
    ];
    return () => stops.forEach((stop) => stop());
  }, [reload, id]);
  const detail = value.value;
  if (detail === null) {
    return failure.value === null ? <Loading lines={8} /> : <Failure error={failure.value} again={reload} />;
  }
  return (
    <>
      <nav class="crumbs" aria-label={t('batches')}>
        <a href={`${root}/batches`}>{t('batches')}</a>
        <a href={batchHref(batchId)}>
          <bdi>{detail.batchName ?? t('batch')}</bdi>
        </a>
      </nav>
      <Head detail={detail} />
      <div class="file-page">
        <Players detail={detail} />
        <FileWay detail={detail} />
        <div class="side">
          <Say detail={detail} sent={reload} />
          <Facts detail={detail} />
          <FileLog lines={detail.log} />
        </div>
      </div>
    </>
  );
}

function Head({ detail }: { readonly detail: FileDetail }) {
  const { file, live } = detail;
  const { error, waiting_for: waits } = file;
  return (
    <>
      <div class="page-head">
        <h1>
          <bdi>{file.name}</bdi>
        </h1>
        <Mark status={file.status} />
        {file.status === 'failed' && mayAct.value && error !== null ? (
          <div class="buttons">
            <button type="button" class="primary" onClick={() => askRetry(file.batch_id, [groupOf(detail)], false)}>
              {t('retry_1')}
            </button>
          </div>
        ) : null}
      </div>
      <p class="under-head">
        <CopyId id={file.id} />
        {isAdmin.value ? <bdi>{detail.tenant}</bdi> : null}
        {file.custom_id === null ? null : <bdi>{file.custom_id}</bdi>}
      </p>
      {error === null ? null : (
        <p class="notice bad">
          <b>{named('e_', error.code)}</b> <code>{error.code}</code> {error.message}
        </p>
      )}
      {waits === null ? null : (
        <p class="notice held">
          {t('waits_for')}: <b>{named('w_', waits.reason)}</b>{' '}
          {waits.until === null ? '' : t('until', { t: time(waits.until) })}
          {waits.position === null || waits.position === 0 ? '' : ` · ${t('place_n', { n: count(waits.position) })}`}
          {waits.detail === null ? '' : ` · ${waits.detail}`}
        </p>
      )}
      {live?.note == null || waits !== null ? null : (
        <p class="notice busy">
          <bdi>{live.note}</bdi>
        </p>
      )}
    </>
  );
}

/** A retry of one file is a group of one. */
function groupOf({ file, paidSessions }: FileDetail) {
  const error = file.error ?? { code: 'poisoned' as const, step: 'edit', message: '', retryable: true };
  const needsSession = file.session === null || paidSessions === 0 || error.code === 'session_lost';
  return { ...error, count: 1, credits: needsSession ? 50 : 0, fileIds: [file.id] };
}

function Facts({ detail }: { readonly detail: FileDetail }) {
  const { file } = detail;
  return (
    <section class="card">
      <dl class="facts">
        <div>
          <dt>{t('index')}</dt>
          <dd>{count(file.index + 1)}</dd>
        </div>
        <div>
          <dt>{t('paid_sessions')}</dt>
          <dd>{count(detail.paidSessions)}</dd>
        </div>
        {file.session === null ? null : (
          <div>
            <dt>{t('session')}</dt>
            <dd>
              <code>{file.session.id}</code>{' '}
              {file.session.open_url === null ? null : (
                <a href={file.session.open_url} target="_blank" rel="noreferrer">
                  {t('open_session')}
                </a>
              )}
            </dd>
          </div>
        )}
      </dl>
      {file.timeline === null ? null : (
        <>
          <h2>{t('timeline_now')}</h2>
          <pre class="summary">{file.timeline.summary}</pre>
        </>
      )}
      {Object.keys(file.metadata).length === 0 ? null : (
        <>
          <h2>{t('metadata')}</h2>
          <pre>{JSON.stringify(file.metadata, null, 2)}</pre>
        </>
      )}
    </section>
  );
}
