/** Asks before anything is done, and says what it will cost. One dialog and one line of news for the whole page. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { RefusedError } from '../data/call.ts';
import { t } from '../data/texts.ts';

export interface Question {
  readonly title: string;
  readonly body: string;
  /** A figure that goes along (a bound of credits). */
  readonly number?: { readonly label: string; readonly value: number };
  readonly danger?: boolean;
  readonly yes: (value: number | null) => Promise<string>;
}

const question = signal<Question | null>(null);
export const news = signal<{ readonly text: string; readonly bad: boolean } | null>(null);
let hiding: ReturnType<typeof setTimeout> | undefined;

const newsMs = 6000;

export function tell(text: string, bad = false): void {
  clearTimeout(hiding);
  news.value = { text, bad };
  hiding = setTimeout(() => (news.value = null), newsMs);
}

export function ask(asked: Question): void {
  question.value = asked;
}

/** What was refused is said in the server's words: it knows why. */
export async function doIt(work: () => Promise<string>): Promise<void> {
  try {
    tell(await work());
  } catch (error) {
    tell(t('refused', { n: error instanceof RefusedError ? error.message : t('failed_load') }), true);
  }
}

export function Dialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const number = useRef<HTMLInputElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked !== null) dialog.current?.showModal();
  }, [asked]);
  const close = (): void => {
    dialog.current?.close();
    question.value = null;
  };
  const confirm = (event: Event): void => {
    event.preventDefault();
    const value = number.current === null ? null : Number(number.current.value);
    close();
    if (asked !== null) void doIt(() => asked.yes(value));
  };
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={close}>
      {asked === null ? null : (
        <form method="dialog" onSubmit={confirm}>
          <h2 id="dialog-title">{asked.title}</h2>
          <p>{asked.body}</p>
          {asked.number === undefined ? null : (
            <label class="field">
              {asked.number.label}
              <input ref={number} type="number" min="0" step="50" required defaultValue={String(asked.number.value)} />
            </label>
          )}
          <div class="buttons">
            <button type="button" onClick={close}>
              {t('no')}
            </button>
            <button type="submit" class={asked.danger === true ? 'danger' : 'primary'}>
              {t('yes')}
            </button>
          </div>
        </form>
      )}
    </dialog>
  );
}

export function News() {
  const said = news.value;
  return (
    <div class="news" role="status" aria-live="polite">
      {said === null ? null : <p class={said.bad ? 'bad' : 'good'}>{said.text}</p>}
    </div>
  );
}
