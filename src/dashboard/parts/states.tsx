/** What stands where there is nothing yet, nothing at all, or something went wrong. */
import type { ComponentChildren } from 'preact';
import { RefusedError } from '../data/call.ts';
import { root } from '../data/route.ts';
import { t } from '../data/texts.ts';

/** In the shape of what comes, so that nothing jumps. */
export function Loading({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div class="loading" role="status" aria-label={t('loading')}>
      {Array.from({ length: lines }, (_, at) => (
        <span key={at} class="ghost" />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}

export function Failure({ error, again }: { readonly error: Error; readonly again: () => void }) {
  const isGone = error instanceof RefusedError && error.status === 404;
  return (
    <div class="empty" role="alert">
      <p class="empty-title">{isGone ? t('not_found') : t('failed_load')}</p>
      {isGone ? (
        <p>
          <a href={root}>{t('to_overview')}</a>
        </p>
      ) : (
        <p>
          {error.message}{' '}
          <button type="button" onClick={again}>
            {t('again')}
          </button>
        </p>
      )}
    </div>
  );
}
