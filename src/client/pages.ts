/** A list that comes in pages: row by row over all of them, or a page at a time. Nothing is asked for before it is read. */
export interface Page<Row> {
  readonly data: readonly Row[];
  /** For the page after this one; null on the last. */
  readonly next_cursor: string | null;
}

export interface Pages<Row> extends AsyncIterable<Row> {
  /** The first page, or the one that `cursor` asked for, alone. */
  page(): Promise<Page<Row>>;
  /** That page and all after it. */
  pages(): AsyncIterable<Page<Row>>;
}

export function toPages<Row>(read: (cursor?: string) => Promise<Page<Row>>): Pages<Row> {
  async function* pages(): AsyncGenerator<Page<Row>> {
    let cursor: string | undefined;
    do {
      const page = await read(cursor);
      yield page;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }
  async function* rows(): AsyncGenerator<Row> {
    for await (const page of pages()) yield* page.data;
  }
  return { page: () => read(), pages, [Symbol.asyncIterator]: rows };
}
