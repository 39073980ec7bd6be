/** Remembers what was read a moment ago, so that ten people who watch cost as much as one. Never longer than told. */

/** One read at a time for each key; `keep` bounds how many keys are remembered. */
export function createRecent<T>(
  maxAgeMs: number,
  keep = 50,
  now: () => number = () => performance.now(),
): (key: string, read: () => Promise<T>) => Promise<T> {
  const known = new Map<string, { readonly at: number; readonly value: Promise<T> }>();
  return (key, read) => {
    const found = known.get(key);
    if (found !== undefined && now() - found.at < maxAgeMs) return found.value;
    const value = read();
    known.delete(key);
    known.set(key, { at: now(), value });
    // A failure is told to those who wait for it, and not remembered.
    value.catch(() => {
      if (known.get(key)?.value === value) known.delete(key);
    });
    for (const oldest of known.keys()) {
      if (known.size <= keep) break;
      known.delete(oldest);
    }
    return value;
  };
}
