/** Opens the results and looks: lengths from the decoder, the logo from the pixels of a frame. */
import { probe, readFrame } from '../../src/sandbox/make-clips.ts';
import { DemoError } from './demo-error.ts';

export interface Pair {
  readonly source: string;
  readonly output: string;
}

const trimmedMs = 3000;
/** Frames and audio packets have lengths of their own. */
const toleranceMs = 150;
/** Of the upper right sixteenth: the logo fills far more of it, the test picture far less. */
const logoShare = 0.1;

/** The seed's example: three seconds shorter, with the logo in the corner. Returns what was seen. */
export async function checkExample({ source, output }: Pair): Promise<string> {
  const [before, after] = [await probe(source), await probe(output)];
  const difference = before.durationMs - after.durationMs;
  if (Math.abs(difference - trimmedMs) > toleranceMs) {
    throw new DemoError(`${output} is ${difference} ms shorter than its source instead of ${trimmedMs} ms.`);
  }
  const middleMs = Math.floor(after.durationMs / 2);
  const [wasThere, isThere] = [await magentaShare(source, middleMs + trimmedMs), await magentaShare(output, middleMs)];
  if (isThere < logoShare || wasThere >= logoShare)
    throw new DemoError(`${output} does not show the logo in its corner.`);
  return `${seconds(before.durationMs)} → ${seconds(after.durationMs)}, ${after.width}x${after.height}, logo in the corner`;
}

/** All that can be said of any output: it opens, and its last second decodes. */
export async function checkPlays(output: string): Promise<string> {
  const facts = await probe(output);
  if (facts.videoCodec === null || facts.durationMs <= 0) throw new DemoError(`${output} does not play.`);
  const frame = await readFrame(output, Math.max(0, facts.durationMs - 500));
  if (frame.rgb.length === 0) throw new DemoError(`${output} does not play to its end.`);
  return `${seconds(facts.durationMs)}, ${facts.width}x${facts.height}, plays`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Share of pixels in the upper right corner that have the logo's colour, or nearly: encoding shifts colours a little. */
async function magentaShare(path: string, atMs: number): Promise<number> {
  const { width, height, rgb } = await readFrame(path, atMs);
  const [left, bottom] = [Math.floor(width * 0.75), Math.floor(height * 0.25)];
  let found = 0;
  for (let y = 0; y < bottom; y += 1) {
    for (let x = left; x < width; x += 1) {
      const at = (y * width + x) * 3;
      const [red = 0, green = 0, blue = 0] = rgb.subarray(at, at + 3);
      if (red > 200 && green < 70 && blue > 120 && blue < 220) found += 1;
    }
  }
  return found / ((width - left) * bottom);
}
