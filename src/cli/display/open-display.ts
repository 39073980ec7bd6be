/** Chooses how to show a batch: what was asked for, then what the stream can do. */
import type { Display, TextStream } from './display.ts';
import { openBars } from './open-bars.ts';
import { openJson } from './open-json.ts';
import { openLines } from './open-lines.ts';

export function openDisplay(stream: TextStream, wantsJson: boolean): Display {
  if (wantsJson) return openJson(stream);
  return stream.isTTY === true ? openBars(stream) : openLines(stream);
}
