/** An id that is copied by a click: it is what goes into a message to a colleague, or into a search of the log. */
import { useSignal } from '@preact/signals';
import { t } from '../data/texts.ts';

const shownMs = 1500;

export function CopyId({ id }: { readonly id: string }) {
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    // Not there on a page that came without TLS; the id can still be selected.
    const isAllowed = await navigator.clipboard?.writeText(id).then(
      () => true,
      () => false,
    );
    if (!isAllowed) return;
    isCopied.value = true;
    setTimeout(() => (isCopied.value = false), shownMs);
  };
  return (
    <button type="button" class="copy" title={t('copy')} onClick={() => void copy()}>
      <code>{id}</code> <small>{isCopied.value ? t('copied') : t('copy')}</small>
    </button>
  );
}
