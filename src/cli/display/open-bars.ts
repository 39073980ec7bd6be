/** Progress bars on a terminal, redrawn in place with plain ANSI codes. Whatever is said stays above them. */
import type { BatchView } from '../batch-view.ts';
import { countOf, sizeWords } from '../words.ts';
import type { Display, Sending, TextStream } from './display.ts';
import { cut, oneLine } from './fit.ts';
import { renderFrame } from './render-frame.ts';

/** Ten pictures a second: smooth to the eye, and no load with thousands of changes a second. */
const redrawMs = 100;
const eraseLine = '\u001B[2K';
const eraseBelow = '\u001B[J';

export function openBars(stream: TextStream): Display {
  const painter = openPainter(stream);
  return {
    say: (text) => painter.say(text),
    sending: (sending) => painter.show(() => [describeSending(sending)]),
    changed: (view: BatchView) => painter.show(() => renderFrame(view, sizeOf(stream))),
    // Seen in the file's own line already; the summary at the end says where.
    saved() {},
    notSaved: (file, reason) => painter.say(`${file.name}: could not be saved: ${reason}`),
    settle: () => painter.settle(),
  };
}

function openPainter(stream: TextStream) {
  let drawn = 0;
  let picture: (() => string[]) | null = null;
  let timer: NodeJS.Timeout | null = null;
  const back = (): string => (drawn === 0 ? '' : `\u001B[${drawn}A\r`);
  const paint = (before: string): void => {
    const lines = picture?.() ?? [];
    stream.write(`${back()}${before}${lines.map((line) => `${eraseLine}${line}\n`).join('')}${eraseBelow}`);
    drawn = lines.length;
  };
  const stop = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    say(text: string): void {
      paint(`${eraseLine}${oneLine(text)}\n`);
    },
    show(next: () => string[]): void {
      picture = next;
      timer ??= setTimeout(() => {
        timer = null;
        paint('');
      }, redrawMs);
    },
    settle(): void {
      stop();
      if (picture !== null) paint('');
      drawn = 0;
      picture = null;
    },
  };
}

function sizeOf(stream: TextStream) {
  return { columns: stream.columns ?? 80, rows: stream.rows ?? 24, hasColors: stream.hasColors?.() ?? false };
}

function describeSending({ filesSent, files, bytesSent, bytes }: Sending): string {
  const percent = bytes === 0 ? 100 : Math.floor((bytesSent / bytes) * 100);
  return cut(`Sending ${countOf(files, 'file')}: ${filesSent} done, ${percent}% of ${sizeWords(bytes)}`, 80);
}
