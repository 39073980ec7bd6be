/** The finished video beside its source. Both come through this server; nothing is asked for outside. */
import { useSignal } from '@preact/signals';
import type { FileDetail } from '../../api/dashboard-wire.ts';
import { bytes, precise } from '../data/format.ts';
import { t } from '../data/texts.ts';

export function Players({ detail }: { readonly detail: FileDetail }) {
  const { file, source } = detail;
  const content = `/batches/${file.batch_id}/files/${file.id}/content`;
  const { output } = file;
  return (
    <section class="players">
      <figure>
        <figcaption>
          {t('source')} {source.bytes === null ? '' : <small>{bytes(source.bytes)}</small>}
        </figcaption>
        {source.playUrl === null ? (
          <p class="no-video">
            <span>{t('no_play_url', { n: '' })}</span>
            <code>{source.name}</code>
          </p>
        ) : (
          <Player url={source.playUrl} label={t('source')} />
        )}
      </figure>
      <figure>
        <figcaption>
          {t('result')}{' '}
          {output === null ? null : (
            <small>
              {output.duration_ms === null ? '' : precise(output.duration_ms)}{' '}
              {output.bytes === null ? '' : bytes(output.bytes)}
            </small>
          )}
          {output === null ? null : (
            <a href={content} download>
              {t('download')}
            </a>
          )}
        </figcaption>
        {output === null ? (
          <p class="no-video">{t('no_result')}</p>
        ) : (
          <Player key={file.finished_at} url={content} label={t('result')} />
        )}
      </figure>
    </section>
  );
}

function Player({ url, label }: { readonly url: string; readonly label: string }) {
  const isBroken = useSignal(false);
  if (isBroken.value) return <p class="no-video">{t('cannot_play')}</p>;
  return (
    <video
      controls
      preload="metadata"
      playsInline
      aria-label={label}
      src={url}
      onError={() => (isBroken.value = true)}
    />
  );
}
