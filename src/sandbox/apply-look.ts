/** Edits of shape, speed, sound, fades, turns, and which clips are on the timeline. Pure. */
import type { EditContext, Step } from './edit-step.ts';
import { canvasOf, fitWithin, toShape } from './canvas.ts';
import { AUDIO_TRACK, segmentsOf, VIDEO_TRACK, withSegments, type Draft, type Segment } from './draft.ts';
import type { Edit } from './instructions/edit.ts';
import { replies } from './replies.ts';
import type { Media } from './store.ts';
import { withSpeed } from './timeline.ts';

/** How long a still picture stands on the timeline. */
const STILL_MS = 5000;

type Look = Extract<
  Edit,
  {
    readonly op: 'shape' | 'resize' | 'size' | 'speed' | 'volume' | 'fade' | 'rotate' | 'concat' | 'place' | 'generate';
  }
>;

export function applyLook(draft: Draft, edit: Look, context: EditContext): Step {
  const mapVideo = (change: (segment: Segment) => Segment): Step => ({
    draft: withSegments(draft, VIDEO_TRACK, segmentsOf(draft, VIDEO_TRACK).map(change)),
  });
  switch (edit.op) {
    case 'shape':
      return withCanvas(draft, toShape(canvasOf(draft, context.media), edit.across, edit.down));
    case 'resize':
      return withCanvas(draft, fitWithin(canvasOf(draft, context.media), edit.shortSide));
    case 'size':
      return withCanvas(draft, { width: edit.width, height: edit.height });
    case 'speed':
      return mapVideo((segment) => withSpeed(segment, edit.factor));
    case 'rotate':
      return mapVideo((segment) => ({
        ...segment,
        m: { ...segment.m, rotate: ((((segment.m.rotate ?? 0) + edit.degrees) % 360) + 360) % 360 },
      }));
    case 'volume':
      return setVolume(draft, edit);
    case 'fade':
      return { draft: { ...draft, m: { ...draft.m, [edit.at === 'in' ? 'fade_in_ms' : 'fade_out_ms']: edit.ms } } };
    case 'concat':
      return concat(draft, context);
    case 'generate':
      return appendGenerated(draft, edit.prompt, context);
    case 'place':
      // The first edit put the video there already.
      return { draft };
    default:
      return edit satisfies never;
  }
}

function withCanvas(draft: Draft, canvas: { readonly width: number; readonly height: number }): Step {
  return { draft: { ...draft, m: { ...draft.m, canvas } } };
}

function setVolume(draft: Draft, edit: Extract<Edit, { op: 'volume' }>): Step {
  const track = edit.target === 'music' ? AUDIO_TRACK : VIDEO_TRACK;
  const segments = segmentsOf(draft, track);
  if (segments.length === 0) return { ask: replies.noMusicYet };
  const louder = segments.map((segment) => ({ ...segment, m: { ...segment.m, volume: edit.ratio } }));
  return { draft: withSegments(draft, track, louder) };
}

/** Every uploaded video once, in the order of upload; what is on the timeline already keeps its cuts. */
function concat(draft: Draft, context: EditContext): Step {
  const placed = segmentsOf(draft, VIDEO_TRACK);
  const videos = context.media.filter((media) => media.kind === 'video');
  const joined = videos.flatMap((media, index) => {
    const pieces = placed.filter((segment) => segment.m.media_id === media.id);
    return pieces.length > 0 ? pieces : [toSegment(media, 1000 + index)];
  });
  return joined.length === 0 ? { ask: replies.noVideo } : { draft: withSegments(draft, VIDEO_TRACK, joined) };
}

/** The planned clip of this prompt goes to the end of the timeline. */
function appendGenerated(draft: Draft, prompt: string, context: EditContext): Step {
  const clip = context.planned.find((media) => media.name === prompt.slice(0, media.name.length));
  if (clip === undefined) return { ask: replies.noGeneration };
  const placed = segmentsOf(draft, VIDEO_TRACK);
  return { draft: withSegments(draft, VIDEO_TRACK, [...placed, toSegment(clip, 2000 + placed.length)]) };
}

export function toSegment(media: Media, clip: number): Segment {
  const lengthMs = media.kind === 'image' ? STILL_MS : media.durationMs;
  return {
    id: `sg_${media.id}_${clip}`,
    d: lengthMs,
    m: {
      name: media.name,
      media_id: media.id,
      start_ms: 0,
      in_ms: 0,
      out_ms: lengthMs,
      clip,
      speed: 1,
      volume: 1,
      rotate: 0,
    },
  };
}
