/** Ctrl-C and SIGTERM → one AbortSignal. While a batch runs the first Ctrl-C only asks; the second one leaves. */
import process from 'node:process';

export interface Interrupt {
  /** Aborted when the person wants to leave. */
  readonly signal: AbortSignal;
  /** From now on the first Ctrl-C calls this instead of leaving; null: it leaves at once. */
  askFirst(question: (() => void) | null): void;
  close(): void;
}

/** The reason of `signal`: recognised by its type where errors become words. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
}

/** A person who presses Ctrl-C in a pipe or script has nobody to answer a question, so it is asked on terminals only. */
export function openInterrupt(options: { readonly canAsk: boolean }): Interrupt {
  const leaving = new AbortController();
  let question: (() => void) | null = null;
  const leave = (): void => leaving.abort(new Interruption());
  const onInterrupt = (): void => {
    const ask = question;
    question = null;
    if (ask === null || !options.canAsk) leave();
    else ask();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', leave);
  return {
    signal: leaving.signal,
    askFirst(next) {
      question = next;
    },
    close() {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', leave);
    },
  };
}
