/** What is laid over the picture: the logo and the titles. Adds filters to the graph; runs nothing. */
import { addInput, seconds, type Graph } from './graph.ts';
import type { Corner, Segment } from './draft.ts';

/** Of the picture's width; tall logos are held to the same share of its height. */
const LOGO_SHARE = 0.12;
const MARGIN_SHARE = 0.025;
const TITLE_SHARE = 0.075;

export function withLogo(graph: Graph, picture: string, segments: readonly Segment[]): string {
  return segments.reduce((under, segment, index) => {
    const input = addInput(graph, graph.mediaOf(segment));
    const wide = Math.round((graph.size.width * LOGO_SHARE) / 2) * 2;
    const high = Math.max(2, Math.round((graph.size.height * LOGO_SHARE * 2) / 2) * 2);
    const out = `[logo${index}]`;
    graph.filters.push(
      `[${input}:v:0]format=rgba,scale=${wide}:${high}:force_original_aspect_ratio=decrease[badge${index}]`,
      `${under}[badge${index}]overlay=${placeOf(graph, segment.m.corner ?? 'top-right')}:format=auto,format=yuv420p${out}`,
    );
    return out;
  }, picture);
}

function placeOf(graph: Graph, corner: Corner): string {
  const margin = Math.round(Math.min(graph.size.width, graph.size.height) * MARGIN_SHARE);
  if (corner === 'center') return 'x=(W-w)/2:y=(H-h)/2';
  const x = corner.endsWith('left') ? `${margin}` : `W-w-${margin}`;
  const y = corner.startsWith('top') ? `${margin}` : `H-h-${margin}`;
  return `x=${x}:y=${y}`;
}

export function withTitles(graph: Graph, picture: string, segments: readonly Segment[]): string {
  return segments.reduce((under, segment, index) => {
    const text = segment.m.text ?? segment.m.name;
    const font = graph.fontFor(text);
    // The edit was refused without a font; one that went away since must not become a video without its title.
    if (font === null) throw new Error('the font for a title is gone');
    const start = segment.m.start_ms ?? 0;
    const out = `[title${index}]`;
    graph.filters.push(`${under}drawtext=${titleOptions(graph, text, font, start, segment.d)}${out}`);
    return out;
  }, picture);
}

function titleOptions(graph: Graph, text: string, font: string, startMs: number, lengthMs: number): string {
  // Long titles shrink until they fit: an em is at most as wide as it is high.
  const widest = (graph.size.width * 0.9) / Math.max(1, Array.from(text).length * 0.62);
  const size = Math.max(8, Math.round(Math.min(graph.size.height * TITLE_SHARE, widest)));
  return [
    `fontfile=${quote(font)}`,
    `textfile=${quote(graph.textFile(text))}`,
    'expansion=none',
    `fontsize=${size}`,
    `fontcolor=white:borderw=${Math.max(1, Math.round(size / 14))}:bordercolor=black`,
    'x=(w-text_w)/2:y=h*0.8-text_h/2',
    `enable='between(t,${seconds(startMs)},${seconds(startMs + lengthMs)})'`,
  ].join(':');
}

/** For a value inside a filter graph: quoted, with what quotes cannot hold escaped at both levels. */
function quote(path: string): string {
  return `'${path.replaceAll('\\', '\\\\').replaceAll("'", "'\\\\\\''").replaceAll(':', '\\:')}'`;
}
