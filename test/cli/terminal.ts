/** Streams and an interrupt for the command under test: what it writes is kept as text. */
import type { CliContext } from '../../src/cli/context.ts';
import type { TextStream } from '../../src/cli/display/display.ts';
import { Interruption, type Interrupt } from '../../src/cli/interrupt.ts';
import { runCli } from '../../src/cli/run-cli.ts';

export interface TestStream extends TextStream {
  text(): string;
}

export function createStream(terminal?: { columns: number; rows: number; hasColors?: boolean }): TestStream {
  let text = '';
  return {
    write: (more) => void (text += more),
    text: () => text,
    isTTY: terminal !== undefined,
    ...(terminal === undefined ? {} : { columns: terminal.columns, rows: terminal.rows }),
    hasColors: () => terminal?.hasColors ?? false,
  };
}

export interface TestInterrupt extends Interrupt {
  /** As Ctrl-C on a terminal. */
  press(): void;
}

export function createInterrupt(): TestInterrupt {
  const leaving = new AbortController();
  let question: (() => void) | null = null;
  return {
    signal: leaving.signal,
    askFirst: (next) => void (question = next),
    close() {},
    press() {
      const ask = question;
      question = null;
      if (ask === null) leaving.abort(new Interruption());
      else ask();
    },
  };
}

export async function runAs(args: readonly string[], changes: Partial<CliContext> = {}) {
  const [stdout, stderr] = [createStream(), createStream()];
  const exitCode = await runCli({ stdout, stderr, interrupt: createInterrupt(), ...changes }, args);
  return { exitCode, out: stdout.text(), err: stderr.text() };
}

const escape = '\u001B';
const control = new RegExp(`(${escape}\\[\\d*[A-Za-z]|\\n|\\r)`);
const command = new RegExp(`^${escape}\\[(\\d*)([A-Za-z])$`);

/** What a terminal shows after these bytes: cursor up, erase line, erase below; colours are dropped. */
export function screenOf(text: string): string {
  const lines = [''];
  let row = 0;
  for (const part of text.split(control)) {
    const [, count = '', name] = command.exec(part) ?? [];
    if (name === 'A') row -= Number(count || '1');
    else if (name === 'K') lines[row] = '';
    else if (name === 'J') lines.splice(row, lines.length, '');
    else if (part === '\n') {
      row += 1;
      while (lines.length <= row) lines.push('');
    } else if (name === undefined && part !== '\r') lines[row] += part;
  }
  return lines.join('\n').trimEnd();
}
