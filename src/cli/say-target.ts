/** The words of `say` → which file and what to do: `<file id> <text>`, or `<batch> <file> <text>`. Pure. */
import { isBatchId, parseFileId } from '../shared/ids.ts';
import { UsageError } from './usage-error.ts';

export interface SayTarget {
  readonly batchId: string | null;
  readonly file: string;
  readonly text: string;
}

export function toSayTarget(words: readonly string[]): SayTarget {
  const [first = '', second, third] = words;
  if (words.length === 2 && second !== undefined && parseFileId(first) !== null) {
    return { batchId: null, file: first, text: second };
  }
  if (words.length === 3 && second !== undefined && third !== undefined && isBatchId(first)) {
    return { batchId: first, file: second, text: third };
  }
  throw new UsageError(['Say which file and what to do: batch-video say <file> "…", or say <batch> <file> "…"']);
}
