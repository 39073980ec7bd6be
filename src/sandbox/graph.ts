/** An ffmpeg filter graph while its parts are put together: inputs, filters, and what they need to know. */
import type { Size } from './canvas.ts';
import type { Segment } from './draft.ts';
import { SAFE_INPUT } from './ffmpeg.ts';
import type { Media } from './store.ts';

export interface Graph {
  readonly inputs: string[][];
  readonly filters: string[];
  readonly size: Size;
  readonly totalMs: number;
  readonly mediaOf: (segment: Segment) => Media | null;
  /** A text file with this content, for drawtext: a path needs no escaping rules. */
  readonly textFile: (text: string) => string;
  readonly fontFor: (text: string) => string | null;
}

/** As ffmpeg's options take it. */
export const seconds = (durationMs: number): string => (durationMs / 1000).toFixed(3);

export function addInput(graph: Graph, media: Media | null, options: readonly string[] = []): number {
  return graph.inputs.push([...SAFE_INPUT, ...options, '-i', media?.path ?? '']) - 1;
}
