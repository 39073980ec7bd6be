/** Chooses the name of each output: the same for the same batch every time, whatever ended first. Pure. */
import { filesInOrder, type BatchView } from '../batch-view.ts';
import { safeStem, uniqueName } from './safe-name.ts';

export function outputNames(view: BatchView): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const numbers = new Map<string, number>();
  const names = new Map<string, string>();
  for (const file of filesInOrder(view)) {
    const stem = safeStem(file.name);
    const key = stem.toLowerCase();
    const { name, number } = uniqueName(stem, (candidate) => taken.has(candidate.toLowerCase()), numbers.get(key));
    taken.add(name.toLowerCase());
    numbers.set(key, number);
    names.set(file.id, name);
  }
  return names;
}
