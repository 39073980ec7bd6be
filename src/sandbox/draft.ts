/**
 * The draft: a session's timeline in the upstream's shape (`t`, `tt`, `sg`, `d`, `m`), with keys of the sandbox's own
 * beside them, as the real one has. It is the single source for renders: what is not in here is not in the output.
 * No I/O here.
 */
import { z } from 'zod';
import { toJsonText } from './json-text.ts';

/** Track types. 0, 1 and 7 are the seed's; 3 (a picture laid over the video) is the sandbox's own. */
export const VIDEO_TRACK = 0;
export const AUDIO_TRACK = 1;
export const OVERLAY_TRACK = 3;
export const TITLE_TRACK = 7;

const CORNERS = ['top-left', 'top-right', 'bottom-left', 'bottom-right', 'center'] as const;
export type Corner = (typeof CORNERS)[number];

const segmentMetaSchema = z.looseObject({
  name: z.string(),
  media_id: z.string().optional(),
  start_ms: z.number().optional(),
  /** The part of the source that is used. */
  in_ms: z.number().optional(),
  out_ms: z.number().optional(),
  /** Pieces of one placed clip share this, so that "all videos" can be told apart. */
  clip: z.number().optional(),
  speed: z.number().optional(),
  volume: z.number().optional(),
  rotate: z.number().optional(),
  corner: z.enum(CORNERS).optional(),
  text: z.string().optional(),
});
/** Durations come back as strings where `duration-string` has shown them so. */
const duration = z.coerce.number();
const segmentSchema = z.looseObject({ d: duration, m: segmentMetaSchema });
const trackSchema = z.looseObject({ tt: z.number(), sg: z.array(segmentSchema) });
export const draftSchema = z.looseObject({
  t: z.array(trackSchema),
  d: duration,
  m: z.looseObject({
    canvas: z.looseObject({ width: z.number(), height: z.number() }).nullable().default(null),
    fade_in_ms: z.number().default(0),
    fade_out_ms: z.number().default(0),
  }),
});
export type Segment = z.output<typeof segmentSchema>;
type Track = z.output<typeof trackSchema>;
export type Draft = z.output<typeof draftSchema>;

/**
 * Beyond 2^53, so that a client has to pass it on verbatim. Odd, and raised by two: an even number here would survive
 * the rounding of a plain JSON.parse.
 */
const REVISION_BASE = 9_007_199_254_740_993n;

export function createDraft(): Draft {
  return {
    v: '3.2.0-sandbox',
    t: [],
    d: 0,
    m: { canvas: null, fade_in_ms: 0, fade_out_ms: 0, m: { m: { origin: 'sandbox', note: 'Entwurf – 草稿' } } },
    x_rev: REVISION_BASE,
    x_flags: [null, true, { keep: '1e3' }],
  };
}

function trackOf(draft: Draft, type: number): Track | null {
  return draft.t.find((track) => track.tt === type) ?? null;
}

export function segmentsOf(draft: Draft, type: number): readonly Segment[] {
  return trackOf(draft, type)?.sg ?? [];
}

/** The draft with these segments on that track; a track without segments is left out. */
export function withSegments(draft: Draft, type: number, segments: readonly Segment[]): Draft {
  const others = draft.t.filter((track) => track.tt !== type);
  const kept = trackOf(draft, type) ?? { tt: type, sg: [], id: `trk_${type}`, m: { locked: false } };
  const tracks = segments.length === 0 ? others : [...others, { ...kept, sg: [...segments] }];
  return { ...draft, t: tracks.sort((left, right) => left.tt - right.tt) };
}

export function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.d, 0);
}

/** Puts the derived parts right after an edit: starts, the whole length, and a revision that grows with each edit. */
export function settleDraft(draft: Draft): Draft {
  const videos = segmentsOf(draft, VIDEO_TRACK);
  const total = lengthOf(videos);
  let start = 0;
  const placed = videos.map((segment) => {
    const next = { ...segment, m: { ...segment.m, start_ms: start } };
    start += segment.d;
    return next;
  });
  const settled = draft.t
    .filter((track) => track.tt !== VIDEO_TRACK)
    .reduce(
      (sum, track) => withSegments(sum, track.tt, clip(track.sg, total)),
      withSegments(draft, VIDEO_TRACK, placed),
    );
  const rev = typeof draft['x_rev'] === 'bigint' ? draft['x_rev'] + 2n : REVISION_BASE;
  return { ...settled, d: total, x_rev: rev };
}

/** Nothing on another track is longer than the video; a logo and music follow its length. */
function clip(segments: readonly Segment[], totalMs: number): Segment[] {
  return segments.map((segment) => {
    const start = segment.m.start_ms ?? 0;
    const wanted = segment.m['follows'] === true ? totalMs : segment.d;
    return { ...segment, d: Math.max(0, Math.min(wanted, totalMs - start)) };
  });
}

export function toDraftText(draft: Draft): string {
  return toJsonText(draft);
}
