/** One JSON object a line, for programs: whole resources as the API gives them. Sentences are left out. */
import type { Display, TextStream } from './display.ts';

export function openJson(stream: TextStream): Display {
  const line = (record: object): void => void stream.write(`${JSON.stringify(record)}\n`);
  return {
    say() {},
    sending: ({ filesSent, files, bytesSent, bytes }) =>
      line({ type: 'sending', files_sent: filesSent, files, bytes_sent: bytesSent, bytes }),
    changed(_view, change) {
      switch (change.type) {
        case 'batch':
          return line({ type: 'batch', batch: change.batch });
        case 'file':
          return line({ type: 'file', file: change.resource });
        case 'progress':
          return line({
            type: 'progress',
            file_id: change.file.id,
            progress: change.file.progress,
            note: change.file.note,
          });
        case 'connection':
          return line({ type: 'connection', connected: change.isConnected });
      }
    },
    saved: (file, path) => line({ type: 'saved', file_id: file.id, name: file.name, path }),
    notSaved: (file, reason) => line({ type: 'not_saved', file_id: file.id, name: file.name, reason }),
    settle() {},
  };
}
