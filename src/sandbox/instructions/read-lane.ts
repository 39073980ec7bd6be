/**
 * The forms in which one session works on several files, one after the other:
 * `Work on <name> alone, in place of what is on the timeline: <instruction>` and `<name>: <instruction>`.
 */

export type LaneForm =
  | { readonly kind: 'plain'; readonly instruction: string }
  | { readonly kind: 'replace' | 'same'; readonly name: string; readonly instruction: string }
  /** It has the form, but no media of that name is here. */
  | { readonly kind: 'unknown'; readonly name: string };

const REPLACE = /^\s*work on (.+?) alone, in place of what is on the timeline:\s*(.*)$/isu;

export function readLane(text: string, mediaNames: readonly string[]): LaneForm {
  // Longest first: "a.mp4" must not be found in "a.mp4: take 2.mp4".
  const names = mediaNames.toSorted((left, right) => right.length - left.length);
  for (const name of names) {
    const lead = `Work on ${name} alone, in place of what is on the timeline:`;
    if (startsWith(text, lead)) return { kind: 'replace', name, instruction: text.trim().slice(lead.length).trim() };
    if (startsWith(text, `${name}:`))
      return {
        kind: 'same',
        name,
        instruction: text
          .trim()
          .slice(name.length + 1)
          .trim(),
      };
  }
  const unknown = REPLACE.exec(text);
  return unknown === null ? { kind: 'plain', instruction: text } : { kind: 'unknown', name: unknown[1] ?? '' };
}

function startsWith(text: string, lead: string): boolean {
  return text.trim().slice(0, lead.length).toLowerCase() === lead.toLowerCase();
}
