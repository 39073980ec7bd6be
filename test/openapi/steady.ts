/** Makes what a service says the same every time it says it: ids by order of appearance, times from one start, hosts by name. */

const hexId = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g;
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
const epoch = Date.parse('2026-01-05T09:00:00.000Z');

/** `hosts`: what an address of this run is called. */
export function createSteady(hosts: ReadonlyMap<string, string>): <Value>(value: Value) => Value {
  const ids = new Map<string, string>();
  const startedAt = Date.now();
  const idOf = (id: string): string => {
    const known = ids.get(id) ?? `0199a0c1d2e37a4b8c5d6e7f${(ids.size + 1).toString(16).padStart(8, '0')}`;
    ids.set(id, known);
    return known;
  };
  const timeOf = (text: string): string => new Date(epoch + Date.parse(text) - startedAt).toISOString();
  return (value) => {
    let text = JSON.stringify(value);
    for (const [address, name] of hosts) text = text.replaceAll(address, name);
    text = text
      .replaceAll(uuid, (id) => idOf(id.replaceAll('-', '')).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
      .replaceAll(hexId, idOf)
      .replaceAll(time, timeOf);
    return JSON.parse(text);
  };
}

/** Words that a program reads: an example with another one is another answer. */
const telling = new Set(['code', 'type', 'step', 'action', 'format', 'kind', 'title', 'pointer', 'spent_is']);
/** There or not by the moment of the question. */
const fleeting = new Set(['eta', 'started_at', 'finished_at', 'waiting_for', 'open_url', 'next_attempt_at']);

/** What two answers of one kind have in common: keys and kinds of values, and the words that tell. */
export function shapeOf(value: unknown, key = ''): unknown {
  if (fleeting.has(key)) return 'fleeting';
  if (value === null) return null;
  if (Array.isArray(value)) {
    const shapes = new Map(value.map((one) => [JSON.stringify(shapeOf(one, key)), shapeOf(one, key)]));
    return [...shapes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, shape]) => shape);
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([name, one]) => [name, shapeOf(one, name)] as const);
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  return telling.has(key) || key === 'status' ? value : typeof value;
}
