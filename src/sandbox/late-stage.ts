/** The part of an edit that is on the timeline at once when music, titles and logos come later. Pure. */
import { segmentsOf, VIDEO_TRACK, withSegments, type Draft } from './draft.ts';

const LATE_TRACKS = [1, 3, 7];

/** `next` with the laid-over tracks as they were in `before`. */
export function withoutLateStage(next: Draft, before: Draft | null): Draft {
  if (before === null) return LATE_TRACKS.reduce((draft, track) => withSegments(draft, track, []), next);
  const isSameVideo = JSON.stringify(segmentsOf(next, VIDEO_TRACK)) === JSON.stringify(segmentsOf(before, VIDEO_TRACK));
  // Nothing but late layers: the state shows no change at all until they are there.
  if (isSameVideo && next.m.canvas === before.m.canvas) return before;
  return LATE_TRACKS.reduce((draft, track) => withSegments(draft, track, segmentsOf(before, track)), next);
}
