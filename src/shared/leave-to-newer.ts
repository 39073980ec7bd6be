/**
 * Work on a file whose record a newer release may have written: such a file is passed over, so that it neither is
 * broken here nor keeps other files from their turn. Says nothing itself: whoever works on many files logs one line.
 */
import { NewerRecordError } from './stored-file.ts';

export async function unlessNewer<T>(work: Promise<T>): Promise<T | 'newer'> {
  try {
    return await work;
  } catch (error) {
    // Left to the release that wrote it; anything else is the caller's.
    if (error instanceof NewerRecordError) return 'newer';
    throw error;
  }
}
