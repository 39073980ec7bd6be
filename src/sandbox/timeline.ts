/** Cutting on the video track, in timeline time. Pure: segments in, segments out, nothing is decoded here. */
import type { Segment } from './draft.ts';

function speedOf(segment: Segment): number {
  return segment.m.speed ?? 1;
}

/** The piece of a segment from `fromMs` to `toMs` of its own time on the timeline; null when nothing is left. */
function pieceOf(segment: Segment, fromMs: number, toMs: number): Segment | null {
  const from = Math.max(0, fromMs);
  const to = Math.min(segment.d, toMs);
  if (to - from < 1) return null;
  const inMs = (segment.m.in_ms ?? 0) + from * speedOf(segment);
  const outMs = (segment.m.in_ms ?? 0) + to * speedOf(segment);
  return {
    ...segment,
    d: Math.round(to - from),
    m: { ...segment.m, in_ms: Math.round(inMs), out_ms: Math.round(outMs) },
  };
}

/** What is left after the part from `fromMs` to `toMs` of the timeline is taken out. */
export function cutRange(segments: readonly Segment[], fromMs: number, toMs: number): Segment[] {
  const left: Segment[] = [];
  let start = 0;
  for (const segment of segments) {
    const pieces = [pieceOf(segment, 0, fromMs - start), pieceOf(segment, toMs - start, segment.d)];
    if (toMs <= start || fromMs >= start + segment.d) left.push(segment);
    else left.push(...pieces.filter((piece) => piece !== null));
    start += segment.d;
  }
  return left;
}

/** The pieces of each placed clip, in timeline order. */
export function clipsOf(segments: readonly Segment[]): Segment[][] {
  const clips: Segment[][] = [];
  for (const segment of segments) {
    const last = clips.at(-1);
    if (last?.[0] !== undefined && last[0].m.clip === segment.m.clip) last.push(segment);
    else clips.push([segment]);
  }
  return clips;
}

/** Plays at `factor` of the source's own speed; lengths follow. */
export function withSpeed(segment: Segment, factor: number): Segment {
  const sourceMs = (segment.m.out_ms ?? 0) - (segment.m.in_ms ?? 0);
  return { ...segment, d: Math.max(1, Math.round(sourceMs / factor)), m: { ...segment.m, speed: factor } };
}
