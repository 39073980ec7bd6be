/** Edits that lay something over the video: logo, title, music. Pure. */
import type { EditContext, Step } from './edit-step.ts';
import {
  AUDIO_TRACK,
  OVERLAY_TRACK,
  segmentsOf,
  TITLE_TRACK,
  withSegments,
  type Draft,
  type Segment,
} from './draft.ts';
import type { Edit } from './instructions/edit.ts';
import { replies } from './replies.ts';
import type { Media, MediaKind } from './store.ts';

/** Background music stays below speech unless a level is asked for (the seed's example: 35 %). */
const MUSIC_RATIO = 0.35;

type Overlay = Extract<Edit, { readonly op: 'logo' | 'title' | 'music' | 'remove' }>;

export function applyOverlay(draft: Draft, edit: Overlay, context: EditContext): Step {
  switch (edit.op) {
    case 'logo':
      return addLogo(draft, edit, context);
    case 'title':
      return addTitle(draft, edit, context);
    case 'music':
      return addMusic(draft, edit, context);
    case 'remove': {
      const track = { logo: OVERLAY_TRACK, title: TITLE_TRACK, music: AUDIO_TRACK }[edit.what];
      if (segmentsOf(draft, track).length === 0) return { ask: replies.nothingThere };
      return { draft: withSegments(draft, track, []) };
    }
    default:
      return edit satisfies never;
  }
}

/** The media named, or the last one of its kind. */
function pickMedia(context: EditContext, kind: MediaKind, name: string | null): Media | null {
  const fits = context.media.filter((media) => media.kind === kind);
  if (name === null) return fits.at(-1) ?? null;
  return fits.findLast((media) => media.name.toLowerCase() === name.toLowerCase()) ?? null;
}

function addLogo(draft: Draft, edit: Extract<Edit, { op: 'logo' }>, context: EditContext): Step {
  const [placed] = segmentsOf(draft, OVERLAY_TRACK);
  const picked = pickMedia(context, 'image', edit.file);
  if (edit.file !== null && picked === null) return { ask: replies.noSuchMedia(edit.file) };
  // "Put the logo in the top left" moves the one that is there.
  const mediaId = edit.file === null && placed !== undefined ? placed.m.media_id : picked?.id;
  const name = edit.file === null && placed !== undefined ? placed.m.name : picked?.name;
  if (mediaId === undefined || name === undefined) return { ask: replies.noImage };
  const corner = edit.corner ?? placed?.m.corner ?? 'top-right';
  const logo: Segment = { d: draft.d, m: { name, media_id: mediaId, start_ms: 0, follows: true, corner } };
  return { draft: withSegments(draft, OVERLAY_TRACK, [logo]) };
}

function addTitle(draft: Draft, edit: Extract<Edit, { op: 'title' }>, context: EditContext): Step {
  if (!context.canDraw(edit.text)) return { ask: replies.noFont };
  if (edit.fromMs >= draft.d) return { ask: replies.tooLong(Math.round(draft.d / 100) / 10) };
  const title: Segment = { d: edit.forMs, m: { name: edit.text, text: edit.text, start_ms: edit.fromMs } };
  const others = segmentsOf(draft, TITLE_TRACK).filter((segment) => (segment.m.start_ms ?? 0) !== edit.fromMs);
  return { draft: withSegments(draft, TITLE_TRACK, [...others, title]) };
}

function addMusic(draft: Draft, edit: Extract<Edit, { op: 'music' }>, context: EditContext): Step {
  const track = pickMedia(context, 'audio', edit.file);
  if (track === null) return { ask: edit.file === null ? replies.noAudio : replies.noSuchMedia(edit.file) };
  const volume = edit.ratio ?? MUSIC_RATIO;
  const music: Segment = {
    d: draft.d,
    m: { name: track.name, media_id: track.id, start_ms: 0, follows: true, volume },
  };
  return { draft: withSegments(draft, AUDIO_TRACK, [music]) };
}
