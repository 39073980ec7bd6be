/**
 * Finds the raw text of a value in a JSON document, so that it can be sent on byte for byte: a draft that went through
 * JSON.parse and JSON.stringify loses digits of large numbers and the spelling of others. Expects text that JSON.parse
 * accepted; it checks nothing itself. The last of equal keys counts, as in JSON.parse.
 */
export function rawJsonAt(text: string, path: readonly string[]): string | null {
  let start = skipSpace(text, 0);
  for (const key of path) {
    const found = valueOfKey(text, start, key);
    if (found === null) return null;
    start = found;
  }
  return text.slice(start, endOfValue(text, start));
}

/** Position of the value under `key` of the object that starts at `at`; null where there is no object or no such key. */
function valueOfKey(text: string, at: number, key: string): number | null {
  if (text[at] !== '{') return null;
  let found: number | null = null;
  let position = skipSpace(text, at + 1);
  while (position < text.length && text[position] === '"') {
    const keyEnd = endOfString(text, position);
    const value = skipSpace(text, skipSpace(text, keyEnd) + 1); // over the colon
    if (JSON.parse(text.slice(position, keyEnd)) === key) found = value;
    position = skipSpace(text, endOfValue(text, value));
    if (text[position] === ',') position = skipSpace(text, position + 1);
  }
  return found;
}

/** First position after the value that starts at `at`. Not recursive: nesting may be as deep as the document is long. */
function endOfValue(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return endOfString(text, at);
  if (first !== '{' && first !== '[') return endOfScalar(text, at);
  let depth = 0;
  let position = at;
  do {
    const character = text[position];
    if (character === '"') {
      position = endOfString(text, position);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    position += 1;
  } while (depth > 0 && position < text.length);
  return position;
}

function endOfString(text: string, at: number): number {
  let position = at + 1;
  while (position < text.length && text[position] !== '"') position += text[position] === '\\' ? 2 : 1;
  return Math.min(position + 1, text.length);
}

function endOfScalar(text: string, at: number): number {
  let position = at;
  while (position < text.length && !',}] \t\n\r'.includes(text[position] ?? '')) position += 1;
  return position;
}

function skipSpace(text: string, at: number): number {
  let position = at;
  while (position < text.length && ' \t\n\r'.includes(text[position] ?? '')) position += 1;
  return position;
}
