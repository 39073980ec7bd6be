/** How far a file is, 0 to 100: by its step and instructions, or by what its run last told. Pure. */
import type { FileRecord } from './domain/file.ts';
import type { FileState } from './domain/file-state.ts';
import type { Live } from './read-file.ts';

export function progressPercent(file: FileRecord, live: Live | null): number {
  if (file.state.status === 'completed') return 100;
  const least = percentOf(file, file.state);
  return live === null || live.progress === null ? least : Math.min(99, Math.max(least, Math.round(live.progress)));
}

function percentOf(file: FileRecord, state: FileState): number {
  switch (state.status) {
    case 'queued':
    case 'canceled':
      return 0;
    case 'uploading':
      return 5;
    case 'editing':
    case 'checking':
      return 10 + Math.round((60 * file.applied) / Math.max(1, file.instructions.length));
    case 'rendering':
      return 75;
    case 'delivering':
      return 97;
    case 'parked':
    case 'failed':
      return percentOf(file, state.at);
    case 'completed':
      return 100;
  }
}
