/**
 * Draft → ffmpeg arguments. Reads the draft and nothing else of the session; media are looked up by their id.
 * Every cut decodes and trims, so it is exact to the frame (a stream copy would move it to the next key frame).
 */
import { canvasOf } from './canvas.ts';
import {
  AUDIO_TRACK,
  lengthOf,
  OVERLAY_TRACK,
  segmentsOf,
  TITLE_TRACK,
  VIDEO_TRACK,
  type Draft,
  type Segment,
} from './draft.ts';
import { addInput, seconds, type Graph } from './graph.ts';
import { soundOf, withMusic } from './compose-sound.ts';
import { withLogo, withTitles } from './compose-picture.ts';
import type { Media } from './store.ts';

const MAX_FPS = 60;

export interface Composition {
  readonly args: readonly string[];
  readonly durationMs: number;
}

export interface ComposeContext {
  readonly media: readonly Media[];
  readonly textFile: (text: string) => string;
  readonly fontFor: (text: string) => string | null;
}

/** Null when there is no video on the timeline. */
export function compose(draft: Draft, context: ComposeContext, outputPath: string): Composition | null {
  const segments = segmentsOf(draft, VIDEO_TRACK);
  const mediaOf = (segment: Segment): Media | null =>
    context.media.find((media) => media.id === segment.m.media_id) ?? null;
  if (segments.length === 0 || segments.some((segment) => mediaOf(segment) === null)) return null;
  const totalMs = lengthOf(segments);
  const graph: Graph = { inputs: [], filters: [], size: canvasOf(draft, context.media), totalMs, mediaOf, ...context };
  const joined = joinSegments(graph, segments);
  let picture = withFades(graph, joined.picture, draft);
  picture = withLogo(graph, picture, segmentsOf(draft, OVERLAY_TRACK));
  picture = withTitles(graph, picture, segmentsOf(draft, TITLE_TRACK));
  const sound = withMusic(graph, joined.sound, segmentsOf(draft, AUDIO_TRACK), draft);
  const args = [
    ...graph.inputs.flat(),
    '-filter_complex',
    graph.filters.join(';'),
    '-map',
    picture,
    '-map',
    sound,
    '-t',
    seconds(totalMs),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-crf',
    '23',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
    '-b:a',
    '128k',
    '-movflags',
    '+faststart',
    '-progress',
    'pipe:1',
    '-nostats',
    '-y',
    outputPath,
  ];
  return { args, durationMs: totalMs };
}

function joinSegments(graph: Graph, segments: readonly Segment[]): { picture: string; sound: string } {
  const fps = Math.min(MAX_FPS, Math.max(...segments.map((segment) => graph.mediaOf(segment)?.fps ?? 30)));
  const parts = segments.map((segment, index) => {
    const media = graph.mediaOf(segment);
    const input = addInput(graph, media);
    graph.filters.push(
      `[${input}:v:0]${pictureOf(graph, segment, fps, media?.kind === 'image')}[v${index}]`,
      soundOf(segment, media, input, index),
    );
    return `[v${index}][a${index}]`;
  });
  graph.filters.push(`${parts.join('')}concat=n=${parts.length}:v=1:a=1[joined][sound]`);
  // concat does not say its frame rate; without one the encoder would take 25.
  graph.filters.push(`[joined]fps=${fps}[video]`);
  return { picture: '[video]', sound: '[sound]' };
}

function pictureOf(graph: Graph, segment: Segment, fps: number, isStill: boolean): string {
  const { in_ms: from = 0, out_ms: to = 0, speed = 1, rotate = 0 } = segment.m;
  const { width, height } = graph.size;
  const turns = Array.from({ length: Math.round(rotate / 90) % 4 }, () => 'transpose=clock');
  // A still is its first frame over and over; demuxers differ in how they could be told to repeat it.
  const source = isStill
    ? ['trim=end_frame=1', 'loop=loop=-1:size=1', `setpts=N/${fps}/TB`, `trim=duration=${seconds(segment.d)}`]
    : [`trim=start=${seconds(from)}:end=${seconds(to)}`, `setpts=(PTS-STARTPTS)/${speed}`];
  return [
    ...source,
    `fps=${fps}`,
    ...turns,
    `scale=${width}:${height}:force_original_aspect_ratio=decrease:force_divisible_by=2`,
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`,
    'setsar=1',
    'format=yuv420p',
    // Rounding may leave the picture a frame short of its sound: the last one stands until the end.
    `tpad=stop_mode=clone:stop_duration=0.2,trim=duration=${seconds(segment.d)},setpts=PTS-STARTPTS`,
  ].join(',');
}

function withFades(graph: Graph, picture: string, draft: Draft): string {
  const { fade_in_ms: inMs, fade_out_ms: outMs } = draft.m;
  const fades = [
    ...(inMs > 0 ? [`fade=t=in:st=0:d=${seconds(inMs)}`] : []),
    ...(outMs > 0 ? [`fade=t=out:st=${seconds(Math.max(0, graph.totalMs - outMs))}:d=${seconds(outMs)}`] : []),
  ];
  if (fades.length === 0) return picture;
  graph.filters.push(`${picture}${fades.join(',')}[faded]`);
  return '[faded]';
}
