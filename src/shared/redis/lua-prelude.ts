/**
 * What stands in front of a script: the keys and the functions of lib.lua that it uses, and no others. Redis runs the whole
 * text anew with every call, and making sixty functions takes longer than most scripts need for their work.
 */
import { luaKeys } from './keys.ts';

/** A statement of lib.lua at the top, with the names that it gives. */
interface Part {
  readonly names: readonly string[];
  readonly text: string;
}

const opening = /^local (?:function )?([\w, ]+)/;
const uses = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

export function toPrelude(lib: string, script: string): string {
  const parts = toParts(lib);
  const taken = new Set<Part>();
  const take = (text: string): void => {
    for (const part of parts) {
      if (taken.has(part) || !part.names.some((name) => uses(text, name))) continue;
      taken.add(part);
      take(part.text);
    }
  };
  take(script);
  // In their order: a local of Lua is known from its line on.
  const functions = parts.filter((part) => taken.has(part)).map(({ text }) => text);
  const body = functions.join('\n');
  return `${luaKeys((name) => uses(body + script, `K\\.${name}`))}${body}\n`;
}

/** Each begins with `local` in the first column; comments are left out. */
function toParts(lib: string): Part[] {
  const parts: { names: string[]; lines: string[] }[] = [];
  for (const line of lib.split('\n')) {
    if (line.trimStart().startsWith('--')) continue;
    const [, names] = opening.exec(line) ?? [];
    if (names !== undefined) parts.push({ names: names.split(',').map((name) => name.trim()), lines: [line] });
    else parts.at(-1)?.lines.push(line);
  }
  return parts.map(({ names, lines }) => ({ names, text: lines.join('\n') }));
}
