/** Does `work` for 0 to count − 1, so many at a time: what a limiting queue does, at less cost. */
export async function inParallel(
  count: number,
  concurrency: number,
  work: (at: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, concurrency) }, lane));
}
