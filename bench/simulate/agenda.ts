/** What is to happen, soonest first: a binary heap; of equal times the one that was added first. */

interface Entry<Value> {
  readonly at: number;
  readonly order: number;
  readonly value: Value;
}

export function createAgenda<Value>() {
  const heap: Entry<Value>[] = [];
  let order = 0;
  const isBefore = (one: Entry<Value>, other: Entry<Value>): boolean =>
    one.at < other.at || (one.at === other.at && one.order < other.order);
  const swapIfBefore = (low: number, high: number): boolean => {
    const [one, other] = [heap[low], heap[high]];
    if (one === undefined || other === undefined || !isBefore(one, other)) return false;
    heap[low] = other;
    heap[high] = one;
    return true;
  };
  return {
    isEmpty: (): boolean => heap.length === 0,
    add: (at: number, value: Value): void => {
      order += 1;
      heap.push({ at, order, value });
      for (let low = heap.length - 1; low > 0;) {
        const parent = (low - 1) >> 1;
        if (!swapIfBefore(low, parent)) break;
        low = parent;
      }
    },
    next: (): { readonly at: number; readonly value: Value } => {
      const [first] = heap;
      const last = heap.pop();
      if (first === undefined || last === undefined) throw new Error('nothing is to happen');
      if (heap.length === 0) return first;
      heap[0] = last;
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        const other = heap[right];
        const child = other !== undefined && isBefore(other, heap[left] ?? other) ? right : left;
        if (!swapIfBefore(child, at)) return first;
        at = child;
      }
    },
  };
}
