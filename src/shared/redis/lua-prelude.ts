/**
 * What stands in front of a script: the keys and the functions of lib.lua that it uses, and no others. Redis runs the whole
 * text anew with every call, and making sixty functions takes longer than most scripts need for their work.
 */
import { luaKeys } from './keys.ts';

/** A statement of lib.lua at the top, with the names that it gives, and all words that it says. */
interface Part {
  readonly names: readonly string[];
  readonly text: string;
  readonly words: ReadonlySet<string>;
}

const opening = /^local (?:function )?([\w, ]+)/;
/** A key is a word of its own: `K.file`. */
const wordsOf = (text: string): Set<string> => new Set(text.match(/\bK\.\w+|\w+/g));

export function toPrelude(lib: string, script: string): string {
  const parts = toParts(lib);
  const taken = new Set<Part>();
  const take = (words: ReadonlySet<string>): void => {
    for (const part of parts) {
      if (taken.has(part) || !part.names.some((name) => words.has(name))) continue;
      taken.add(part);
      take(part.words);
    }
  };
  const own = wordsOf(script);
  take(own);
  // In their order: a local of Lua is known from its line on.
  const functions = parts.filter((part) => taken.has(part));
  const keys = luaKeys((name) => [own, ...functions.map(({ words }) => words)].some((words) => words.has(`K.${name}`)));
  return `${keys}${functions.map(({ text }) => text).join('\n')}\n`;
}

let last: { readonly lib: string; readonly parts: readonly Part[] } | null = null;

/** All scripts of a process have one library. */
function toParts(lib: string): readonly Part[] {
  if (last?.lib !== lib) last = { lib, parts: splitParts(lib) };
  return last.parts;
}

/** Each begins with `local` in the first column; comments are left out. */
function splitParts(lib: string): Part[] {
  const parts: { names: string[]; lines: string[] }[] = [];
  for (const line of lib.split('\n')) {
    if (line.trimStart().startsWith('--')) continue;
    const [, names] = opening.exec(line) ?? [];
    if (names !== undefined) parts.push({ names: names.split(',').map((name) => name.trim()), lines: [line] });
    else parts.at(-1)?.lines.push(line);
  }
  return parts.map(({ names, lines }) => ({ names, text: lines.join('\n'), words: wordsOf(lines.join('\n')) }));
}
