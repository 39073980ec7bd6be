/** The sound of a render: each segment's own, levels, and music under it. Adds filters to the graph; runs nothing. */
import { addInput, seconds, type Graph } from './graph.ts';
import type { Draft, Segment } from './draft.ts';
import type { Media } from './store.ts';

const FORMAT = 'aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo';

/** One segment's sound, exactly as long as its picture; silence where the source has none. */
export function soundOf(segment: Segment, media: Media | null, input: number, index: number): string {
  const length = seconds(segment.d);
  const { in_ms: from = 0, out_ms: to = 0, speed = 1, volume = 1 } = segment.m;
  if (media === null || !media.hasAudio || volume === 0) {
    return `anullsrc=r=48000:cl=stereo,atrim=duration=${length},${FORMAT}[a${index}]`;
  }
  const filters = [
    `atrim=start=${seconds(from)}:end=${seconds(to)}`,
    // Against the cut, not against the first sample: sound that begins late in the source stays late.
    `asetpts=PTS-${seconds(from)}/TB`,
    'aresample=48000:async=1:first_pts=0',
    ...tempo(speed),
    ...(volume === 1 ? [] : [`volume=${volume}`]),
    FORMAT,
    `apad,atrim=duration=${length}`,
  ];
  return `[${input}:a:0]${filters.join(',')}[a${index}]`;
}

/** One atempo does 0.5 to 2 well; more is a chain of them. */
function tempo(speed: number): string[] {
  if (speed === 1) return [];
  if (speed > 2) return ['atempo=2', ...tempo(speed / 2)];
  if (speed < 0.5) return ['atempo=0.5', ...tempo(speed / 0.5)];
  return [`atempo=${speed}`];
}

export function withMusic(graph: Graph, sound: string, segments: readonly Segment[], draft: Draft): string {
  const mixed = segments.reduce((under, segment, index) => {
    // Short tracks start over until the video ends.
    const input = addInput(graph, graph.mediaOf(segment), ['-stream_loop', '-1']);
    const out = `[mixed${index}]`;
    graph.filters.push(
      `[${input}:a:0]atrim=duration=${seconds(segment.d)},volume=${segment.m.volume ?? 1},${FORMAT}[music${index}]`,
      `${under}[music${index}]amix=inputs=2:duration=first:normalize=0${out}`,
    );
    return out;
  }, sound);
  return withFades(graph, mixed, draft);
}

function withFades(graph: Graph, sound: string, draft: Draft): string {
  const { fade_in_ms: inMs, fade_out_ms: outMs } = draft.m;
  const fades = [
    ...(inMs > 0 ? [`afade=t=in:st=0:d=${seconds(inMs)}`] : []),
    ...(outMs > 0 ? [`afade=t=out:st=${seconds(Math.max(0, graph.totalMs - outMs))}:d=${seconds(outMs)}`] : []),
  ];
  if (fades.length === 0) return sound;
  graph.filters.push(`${sound}${fades.join(',')}[heard]`);
  return '[heard]';
}
