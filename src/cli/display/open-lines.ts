/** Plain lines for pipes and logs: one a change of status, nothing is ever redrawn. */
import { countOf, describeBatch, fileStatusWords } from '../words.ts';
import type { Change, Display, TextStream } from './display.ts';
import { oneLine } from './fit.ts';

export function openLines(stream: TextStream): Display {
  const line = (text: string): void => void stream.write(`${oneLine(text)}\n`);
  let sentBefore = -1;
  return {
    say: line,
    sending({ filesSent, files }) {
      if (filesSent === sentBefore) return;
      sentBefore = filesSent;
      if (filesSent > 0) line(`Sent ${filesSent} of ${countOf(files, 'file')}`);
    },
    changed(_view, change) {
      const text = toLine(change);
      if (text !== null) line(text);
    },
    saved: (file, path) => line(`${file.name}: saved as ${path}`),
    notSaved: (file, reason) => line(`${file.name}: could not be saved: ${reason}`),
    settle() {},
  };
}

function toLine(change: Change): string | null {
  switch (change.type) {
    case 'batch':
      return change.isNewStatus ? `Batch: ${describeBatch(change.batch)}` : null;
    case 'file':
      if (!change.isNewStatus) return null;
      return `${change.file.name}: ${change.file.status === 'failed' ? change.file.words : fileStatusWords(change.file.status)}`;
    case 'progress':
      return null;
    case 'connection':
      return change.isConnected ? 'Connected again' : 'The connection was lost, trying again';
  }
}
