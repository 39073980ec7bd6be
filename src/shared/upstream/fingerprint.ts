/**
 * Tells whether an edit changed a session: a hash over what an edit can change. video_infos is left out because uploads
 * grow it, and the query of URLs because links are signed anew on every read.
 */
import { createHash } from 'node:crypto';
import { parseJsonWith } from './parse-json.ts';

/** Texts as received, null where absent. `generated_media` counts by its length alone: its entries carry changing links. */
export function fingerprint(draftText: string | null, canvasText: string | null, generatedMediaCount: number): string {
  const hash = createHash('sha256');
  const draft = canonicalJson(draftText);
  // An empty draft is none: nothing that an edit leaves behind looks like that, a state that is not ready does.
  hash.update(`{"draft":${draft === '{}' ? 'null' : draft},"canvas_config":${canonicalJson(canvasText)},`);
  return hash.update(`"generated_media":${generatedMediaCount}}`).digest('hex');
}

/** Sorted keys, no spaces, numbers as text: as they were written, and equal to a text of the same digits, as durations come either way. */
export function canonicalJson(text: string | null): string {
  if (text === null) return 'null';
  const texts = parseJsonWith(text, (_key, value, context) => {
    if (typeof value === 'number') return context.source ?? String(value);
    return typeof value === 'string' ? withoutQuery(value) : value;
  });
  return write(texts);
}

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`).join(',')}}`;
}

function withoutQuery(text: string): string {
  return /^https?:\/\/\S+$/i.test(text) ? text.replace(/[?#].*$/s, '') : text;
}
