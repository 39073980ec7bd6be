/**
 * Readies a sentence for the recognisers: quoted words and file names become tokens, so that a title that says
 * "trim the first 3 seconds" trims nothing, and number words become digits. Meaning is not decided here.
 */

const QUOTES = /"([^"]+)"|“([^”]+)”|「([^」]+)」|《([^》]+)》|(?<![\p{L}\d])'([^']+)'(?![\p{L}\d])|‘([^’]+)’/gu;
const FILE_NAME = /[\p{L}\d_-]+(?:\.[\p{L}\d_-]+)*\.(?:png|jpe?g|gif|webp|mp3|wav|m4a|aac|mp4|mov|avi|webm|mkv)\b/giu;

/** Private-use characters: they cannot be part of what a person types. */
export const QUOTE_TOKEN = '(\\uE000\\d+\\uE001)';
export const FILE_TOKEN = '(\\uE003\\d+\\uE001)';
export const MARK = '\uE002';

export interface Masked {
  readonly text: string;
  readonly quotes: readonly string[];
  readonly files: readonly string[];
}

const ENGLISH_NUMBERS: Record<string, number> = {
  a: 1, an: 1, one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10,
  twelve: 12, fifteen: 15, twenty: 20, thirty: 30, forty: 40, fifty: 50, sixty: 60, ninety: 90,
}; // prettier-ignore
const CHINESE_DIGITS = '零一二三四五六七八九';

function fromChineseNumber(word: string): number {
  if (word === '半') return 0.5;
  const digit = (letter: string | undefined): number =>
    letter === '两' ? 2 : Math.max(0, CHINESE_DIGITS.indexOf(letter ?? '零'));
  if (!word.includes('十')) return digit(word);
  const [tens, ones] = word.split('十');
  return (tens === '' ? 1 : digit(tens)) * 10 + (ones === '' ? 0 : digit(ones));
}

function withDigits(text: string): string {
  const words = Object.keys(ENGLISH_NUMBERS).join('|');
  return text
    .replace(/\bhalf an? (second|minute)/giu, '0.5 $1')
    .replace(new RegExp(`\\b(${words})(?=[\\s-]+(?:seconds?|secs?|sec|minutes?|mins?|min|times)\\b)`, 'giu'), (word) =>
      String(ENGLISH_NUMBERS[word.toLowerCase()]),
    )
    .replace(
      /([一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九半])(?=\s*(?:秒|分钟|倍))/gu,
      (word) => String(fromChineseNumber(word)),
    )
    .replace(/百分之(\d+)/gu, '$1%');
}

/** `names`: the media of the session, which may hold blanks and any script. */
export function mask(instruction: string, names: readonly string[]): Masked {
  const quotes: string[] = [];
  const files: string[] = [];
  const asFile = (name: string): string => `\uE003${files.push(name) - 1}\uE001`;
  // A quoted file name is still a file name: «use "my logo.png" as the watermark».
  let text = instruction.normalize('NFC').replace(QUOTES, (whole: string, ...groups: unknown[]) => {
    const inner = groups.slice(0, 6).find((group) => typeof group === 'string');
    const words = typeof inner === 'string' ? inner : whole;
    return names.includes(words) ? asFile(words) : `\uE000${quotes.push(words) - 1}\uE001`;
  });
  for (const name of names.toSorted((left, right) => right.length - left.length)) {
    if (name.includes('.')) text = text.replaceAll(name, () => asFile(name));
  }
  text = text.replace(FILE_NAME, (name) => asFile(name));
  return { text: withDigits(toHalfWidth(text)), quotes, files };
}

/** Full-width digits, letters and signs as plain ones; the Chinese comma and full stop stay separators. */
function toHalfWidth(text: string): string {
  return text.replace(/[\uFF01-\uFF5E]/gu, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0));
}
