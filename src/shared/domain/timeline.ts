/**
 * Says in one line what is on a session's timeline, from the draft's documented keys alone (t, tt, sg, d, m). Pure, and
 * tolerant: nobody has published what a draft looks like inside.
 */
export type TrackType = 'video' | 'audio' | 'text' | 'other';

export interface TimelineTrack {
  readonly type: TrackType;
  /** As people read it: Video, BGM, Title, Track. */
  readonly label: string;
  readonly name: string | null;
  /** Length of the track's segments together; null where none says its own. */
  readonly durationMs: number | null;
  readonly volumePercent: number | null;
  readonly segments: number;
}

export interface TimelineSummary {
  readonly summary: string;
  readonly tracks: readonly TimelineTrack[];
}

type Fields = Readonly<Record<string, unknown>>;

const labels: Readonly<Record<TrackType, string>> = { video: 'Video', audio: 'BGM', text: 'Title', other: 'Track' };
const nameKeys = ['name', 'title', 'text', 'content', 'file_name', 'filename', 'fileName'];
const maxNameLength = 80;
const maxNames = 3;

/** Null where nothing is on the timeline: no tracks, or none with a segment. */
export function summarizeTimeline(draft: unknown): TimelineSummary | null {
  const tracks = listOf(fieldsOf(draft)['t'])
    .map(fieldsOf)
    .filter((track) => listOf(track['sg']).length > 0)
    .map(toTrack);
  if (tracks.length === 0) return null;
  const lines = tracks.map((track, index) => ` ${index + 1}. ${describe(track)}`);
  return { summary: `Timeline (${tracks.length} track${tracks.length === 1 ? '' : 's'}):${lines.join('')}`, tracks };
}

function toTrack(track: Fields): TimelineTrack {
  const type = toType(numberOf(track['tt']));
  const segments = listOf(track['sg']).map(fieldsOf);
  const names = [...new Set(segments.map(nameOf).filter((name) => name !== null))];
  const more = names.length > maxNames ? ` +${names.length - maxNames}` : '';
  return {
    type,
    label: labels[type],
    name: names.length > 0 ? `${names.slice(0, maxNames).join(', ')}${more}` : nameOf(track),
    durationMs: durationOf(segments) ?? numberOf(track['d']),
    volumePercent: type === 'audio' ? volumeOf([...segments, track]) : null,
    segments: segments.length,
  };
}

/** The draft's track types: 0 video, 1 audio, 7 text; others exist and are not documented. */
function toType(tt: number | null): TrackType {
  if (tt === 0) return 'video';
  if (tt === 1) return 'audio';
  return tt === 7 ? 'text' : 'other';
}

function describe(track: TimelineTrack): string {
  const name = track.type === 'text' && track.name !== null ? `"${track.name}"` : track.name;
  const facts = [
    track.durationMs === null ? null : `0-${seconds(track.durationMs)}s`,
    track.volumePercent === null ? null : `${track.volumePercent}%`,
  ].filter((fact) => fact !== null);
  const what = name === null ? track.label : `${track.label}: ${name}`;
  return facts.length === 0 ? what : `${what} (${facts.join(', ')})`;
}

/** One decimal at most: 3500 → 3.5, 3000 → 3. */
function seconds(ms: number): string {
  return String(Math.round(ms / 100) / 10);
}

function durationOf(segments: readonly Fields[]): number | null {
  const known = segments.map((segment) => numberOf(segment['d'])).filter((d) => d !== null);
  return known.length === 0 ? null : known.reduce((sum, d) => sum + d, 0);
}

/** Metadata comes as an object, or as the name itself. */
function nameOf(item: Fields): string | null {
  const metadata = item['m'];
  const values = typeof metadata === 'string' ? [metadata] : nameKeys.map((key) => fieldsOf(metadata)[key]);
  const text = values.find((value) => typeof value === 'string' && value.trim() !== '');
  return typeof text === 'string' ? text.trim().replaceAll(/\s+/g, ' ').slice(0, maxNameLength) : null;
}

/** 0 to 1 is a factor, anything above is percent already. */
function volumeOf(items: readonly Fields[]): number | null {
  const volume = items.map((item) => numberOf(fieldsOf(item['m'])['volume'])).find((value) => value !== null);
  if (volume === undefined) return null;
  return Math.round(volume <= 1 ? volume * 100 : volume);
}

/** Numbers that count something: text is read as well, negative and odd values are not. */
function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
