/** What a person may do to a batch, each through the API's own endpoint, after a question that says what it costs. */
import type { BatchDetail, FailureGroup } from '../../api/dashboard-wire.ts';
import { ask } from '../parts/dialog.tsx';
import { act } from './call.ts';
import { count } from './format.ts';
import { t } from './texts.ts';

/** One retry may name so many files; more are retried as a whole. */
const mostNamed = 50_000;

const unfinished = ({ batch: { counts } }: BatchDetail): number =>
  counts.total - counts.completed - counts.failed - counts.canceled;

export function askCancel(detail: BatchDetail): void {
  ask({
    title: t('ask_cancel'),
    body: `${t('ask_cancel_body', { n: count(unfinished(detail)), m: count(detail.batch.credits.spent) })} ${t('ask_cancel_cost')}`,
    danger: true,
    yes: async () => {
      await act(`/batches/${detail.batch.id}/cancel`, {});
      return t('done_cancel');
    },
  });
}

export function askPause({ batch }: BatchDetail): void {
  ask({
    title: t('ask_pause'),
    body: t('ask_pause_body'),
    yes: async () => {
      await act(`/batches/${batch.id}/pause`, {});
      return t('done_pause');
    },
  });
}

export function askResume(detail: BatchDetail): void {
  const { batch, maxCredits, creditsToCome } = detail;
  const isLimited = batch.blocked?.reason === 'max_credits';
  ask({
    title: t('ask_resume'),
    body: t('ask_resume_body', { n: count(unfinished(detail)), m: count(creditsToCome) }),
    ...(isLimited
      ? { number: { label: t('ask_limit'), value: Math.max(maxCredits ?? 0, batch.credits.estimated) } }
      : {}),
    yes: async (value) => {
      await act(`/batches/${batch.id}/resume`, value === null ? {} : { max_credits: value });
      return t('done_resume');
    },
  });
}

/** `groups`: these failures; all of them is a retry of the batch. */
export function askRetry(batchId: string, groups: readonly FailureGroup[], all: boolean): void {
  const files = groups.reduce((sum, group) => sum + group.count, 0);
  const credits = groups.reduce((sum, group) => sum + group.credits, 0);
  const ids = groups.flatMap(({ fileIds }) => fileIds).slice(0, mostNamed);
  ask({
    title: t('ask_retry', { n: count(files) }),
    body: credits === 0 ? t('ask_retry_free') : t('ask_retry_body', { m: count(credits) }),
    yes: async () => {
      await act(`/batches/${batchId}/retry`, all ? {} : { file_ids: ids });
      return t('done_retry', { n: count(files) });
    },
  });
}

export function askRedeliver(id: string, then: () => void): void {
  ask({
    title: t('ask_redeliver'),
    body: t('ask_redeliver_body'),
    yes: async () => {
      await act(`/webhook-deliveries/${id}/redeliver`, {});
      then();
      return t('done_redeliver');
    },
  });
}
