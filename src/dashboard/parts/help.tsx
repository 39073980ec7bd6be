/** The keys of the page, as a dialog. */
import { useEffect, useRef } from 'preact/hooks';
import { helpIsOpen } from '../data/keys.ts';
import { t } from '../data/texts.ts';

const keys = [
  ['/', 'key_search'],
  ['j', 'key_next'],
  ['k', 'key_previous'],
  ['Enter', 'key_open'],
  ['1 2 3 4', 'key_go'],
  ['Esc', 'key_back'],
  ['?', 'key_help'],
] as const;

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = helpIsOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={() => (helpIsOpen.value = false)}>
      <h2 id="help-title">{t('help')}</h2>
      <dl class="keys">
        {keys.map(([key, name]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{t(name)}</dd>
          </div>
        ))}
      </dl>
      <div class="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          {t('close')}
        </button>
      </div>
    </dialog>
  );
}
