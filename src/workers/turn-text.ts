/** What is sent for an instruction: verbatim, or, in a lane, naming its file first (design §4 "Lanes"). */
import type { FileRecord } from '../shared/domain/file.ts';

export function turnText(file: FileRecord, instruction: number): string {
  const text = file.instructions[instruction] ?? '';
  const { name } = file.input;
  if (file.lane === null) return text;
  return instruction === 0 ? `Work on ${name} alone, in place of what is on the timeline: ${text}` : `${name}: ${text}`;
}
