/**
 * Judges where bytes are to come from, and resolves it: does the upload exist, is the path below MEDIA_ROOT, may the
 * URL be fetched. Takes whatever the caller sent, so that a fault of shape elsewhere hides nothing; what has the wrong
 * shape here is passed over, as the schema tells it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from '../shared/context.ts';
import type { Source } from '../shared/domain/file.ts';
import { checkUrl } from '../shared/guard/check-url.ts';
import { readUploads, type Upload } from '../shared/upload-record.ts';
import { judgePath } from './judge-path.ts';
import { pointerTo, type PathPart } from './pointer.ts';
import type { ProblemError } from './problem.schema.ts';
import { unsupportedName } from './unsupported-name.ts';

/** A source or asset, unchecked, and where it stands in the body. */
export interface SourcePlace {
  readonly path: readonly PathPart[];
  readonly value: unknown;
}

export interface JudgedSources {
  /** By pointer; only those without a fault. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly errors: readonly ProblemError[];
}

const kinds = ['url', 'upload_id', 'path'] as const;
type Kind = (typeof kinds)[number];
type Verdict = Source | { readonly code: string; readonly detail: string };

/** Rows judged before other requests get their turn. */
const rowsAtOnce = 1000;

export async function judgeSources(
  ctx: Context,
  tenant: string,
  places: readonly SourcePlace[],
): Promise<JudgedSources> {
  const uploads = await readUploads(ctx, distinct(places, 'upload_id'));
  const verdicts = new Map<string, Verdict>();
  const sources = new Map<string, Source>();
  const errors: ProblemError[] = [];
  for (const [at, { path, value }] of places.entries()) {
    if (at % rowsAtOnce === rowsAtOnce - 1) await nextTurn();
    const named = kindsIn(value);
    if (named === null) continue;
    const [kind, ...others] = named;
    if (kind === undefined || others.length > 0) {
      errors.push({ pointer: pointerTo(path), ...wrongKinds(named) });
      continue;
    }
    const text = (value as Record<Kind, unknown>)[kind];
    if (typeof text !== 'string' || text === '') continue;
    const key = `${kind} ${text}`;
    const verdict = verdicts.get(key) ?? (await judge(ctx, { kind, text, upload: ownUpload(uploads, text, tenant) }));
    verdicts.set(key, verdict);
    if ('code' in verdict) errors.push({ pointer: pointerTo([...path, kind]), ...verdict });
    else sources.set(pointerTo(path), verdict);
  }
  return { sources, errors };
}

function distinct(places: readonly SourcePlace[], kind: Kind): string[] {
  const texts = places.map(({ value }) =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[kind] : null,
  );
  return [...new Set(texts.filter((text) => typeof text === 'string'))];
}

/** Null: no object at all. A key whose value is null counts as absent, as everywhere. */
function kindsIn(value: unknown): Kind[] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return kinds.filter((kind) => (value as Record<string, unknown>)[kind] != null);
}

function wrongKinds(named: readonly Kind[]): { code: string; detail: string } {
  return named.length === 0
    ? { code: 'source_missing', detail: 'Give one of url, upload_id and path.' }
    : { code: 'source_ambiguous', detail: `Give one of url, upload_id and path, not ${named.join(' and ')}.` };
}

/** Another tenant's upload does not exist for this one; an admin has its own only, too. */
function ownUpload(uploads: ReadonlyMap<string, Upload>, id: string, tenant: string): Upload | null {
  const upload = uploads.get(id);
  return upload !== undefined && upload.tenant === tenant ? upload : null;
}

async function judge(
  ctx: Context,
  { kind, text, upload }: { kind: Kind; text: string; upload: Upload | null },
): Promise<Verdict> {
  if (kind === 'url') return judgeSourceUrl(ctx, text);
  if (kind === 'path') return judgePath(ctx.config, text);
  if (upload === null) return { code: 'unknown_upload', detail: 'There is no such upload, or it has expired.' };
  return { kind: 'upload', uploadId: upload.id, name: upload.name, bytes: upload.bytes };
}

function judgeSourceUrl(ctx: Context, text: string): Verdict {
  const checked = checkUrl(text, { allowPrivate: ctx.config.sourceAllowPrivate });
  if (!checked.ok) return { code: checked.code, detail: `${checked.detail}.` };
  return unsupportedName(checked.url.pathname, false) ?? { kind: 'url', url: text };
}
