/** A few at a time, results in the order given. The first failure keeps the rest from being begun. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = [...items.entries()].toReversed();
  const lane = async (): Promise<void> => {
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      results[entry[0]] = await work(entry[1]);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  } catch (error) {
    entries.length = 0;
    throw error;
  }
  return results;
}
