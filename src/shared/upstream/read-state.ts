/**
 * GET state. The draft is taken out of the body as text, byte for byte: a render must be sent the identical object.
 * A reply in which no state can be found is an error, never an empty state: that would read as "changed".
 */
import { callUpstream, senseless } from './call.ts';
import { fingerprint } from './fingerprint.ts';
import { parseJson } from './parse-json.ts';
import { rawJsonAt } from './raw-json.ts';
import { fieldsOf, firstText, isFields, textField, type Fields } from './reply-fields.ts';
import { maxBytes, timeoutsMs } from './timeouts.ts';
import type { Answer } from './to-fault.ts';
import type { CallOptions, SessionState, Upstream } from './types.ts';

export async function readState(
  up: Upstream,
  token: string,
  sessionId: string,
  options: CallOptions = {},
): Promise<SessionState> {
  const call = {
    endpoint: 'read-state',
    scope: 'session',
    method: 'GET',
    path: `/api/state/nemo_agent/me/${encodeURIComponent(sessionId)}/latest`,
    token,
    timeoutMs: timeoutsMs.readState,
    maxReplyBytes: maxBytes.state,
  } as const;
  const answer = await callUpstream(up, call, options);
  const state = stateOrNull(answer);
  if (state === null) throw senseless(call, answer);
  return state;
}

function stateOrNull(answer: Answer): SessionState | null {
  try {
    return toSessionState(answer.text, answer.json);
  } catch (error) {
    if (error instanceof RangeError) return null; // nested deeper than the stack: no draft of anybody's
    throw error;
  }
}

/** Null where the body holds no state. `json` is `text`, parsed. */
export function toSessionState(text: string, json: unknown): SessionState | null {
  const place = findState(json);
  if (place === null) return null;
  const { fields, path } = place;
  const draftText = isObjectLike(fields['draft']) ? rawJsonAt(text, [...path, 'draft']) : null;
  const draft = draftText === null ? null : (parsedText(fields['draft']) ?? fields['draft']);
  const canvas = isObjectLike(fields['canvas_config']) ? rawJsonAt(text, [...path, 'canvas_config']) : null;
  const generatedMediaCount = listOf(fields['generated_media']).length;
  return {
    draftText,
    draft,
    videoNames: listOf(fields['video_infos']).map(nameOf),
    generatedMediaCount,
    fingerprint: fingerprint(draftText, canvas, generatedMediaCount),
    renderable: isRenderable(draft),
  };
}

const stateKeys = ['draft', 'video_infos', 'generated_media', 'canvas_config'];

/** Under data.state, under data, or at the top (upstream, "GET state"). A `state` that is there but empty counts. */
function findState(json: unknown): { readonly fields: Fields; readonly path: readonly string[] } | null {
  const data = fieldsOf(fieldsOf(json)['data']);
  const places = [
    { fields: fieldsOf(data['state']), path: ['data', 'state'] },
    { fields: data, path: ['data'] },
    { fields: fieldsOf(json), path: [] },
  ];
  const found = places.find(({ fields }) => stateKeys.some((key) => key in fields));
  if (found !== undefined) return found;
  const isEmpty = isFields(data['state']) || data['state'] === null;
  return isEmpty ? { fields: {}, path: [] } : null;
}

/** An object, or one that was packed into a string; anything else under a known key counts as absent. */
function isObjectLike(value: unknown): boolean {
  return isFields(value) || isFields(parsedText(value));
}

function parsedText(value: unknown): unknown {
  if (typeof value !== 'string' || !value.trimStart().startsWith('{')) return null;
  try {
    return parseJson(value);
  } catch {
    return null; // just a text that begins with a brace
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function nameOf(value: unknown): string | null {
  if (typeof value === 'string') return textField.parse(value);
  return firstText(fieldsOf(value), ['filename', 'file_name', 'name', 'title']);
}

/** Ready for export when a track has a segment (upstream, "GET state"). */
function isRenderable(draft: unknown): boolean {
  return listOf(fieldsOf(draft)['t']).some((track) => listOf(fieldsOf(track)['sg']).length > 0);
}
