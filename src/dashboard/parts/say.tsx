/** One more instruction for a finished file. It says what that may cost before it is sent, and is sent once. */
import { useSignal } from '@preact/signals';
import type { FileDetail } from '../../api/dashboard-wire.ts';
import { act } from '../data/call.ts';
import { mayAct } from '../data/session.ts';
import { t } from '../data/texts.ts';
import { ask } from './dialog.tsx';

export function Say({ detail, sent }: { readonly detail: FileDetail; readonly sent: () => void }) {
  const text = useSignal('');
  const { file } = detail;
  if (!mayAct.value) return null;
  const canSay = file.status === 'completed';
  const submit = (event: Event): void => {
    event.preventDefault();
    const said = text.value.trim();
    if (said === '') return;
    ask({
      title: t('ask_message'),
      // The session is paid, unless it has to be a new one.
      body: t('ask_message_body', { m: 50 }),
      yes: async () => {
        const path = `/batches/${file.batch_id}/files/${file.id}/messages`;
        const { action } = await act<{ action: string }>(path, { text: said });
        text.value = '';
        sent();
        return t('done_message', { n: action });
      },
    });
  };
  return (
    <section class="card">
      <h2>{t('say')}</h2>
      <form class="say" onSubmit={submit}>
        <label class="field">
          <span class="hidden">{t('say_label')}</span>
          <textarea
            rows={2}
            maxLength={5000}
            placeholder={t('say_hint')}
            disabled={!canSay}
            value={text.value}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <div class="buttons">
          {canSay ? null : <small class="muted">{t('say_not_yet')}</small>}
          <button type="submit" class="primary" disabled={!canSay || text.value.trim() === ''}>
            {t('say_send')}
          </button>
        </div>
      </form>
    </section>
  );
}
