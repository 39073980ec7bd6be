/**
 * Asks whether a sentence says one thing and nothing else: every word of it belongs to a vocabulary. That is how intent
 * is told from a keyword: "export the video" holds no other word, "export the audio at 30 %" does. Pure.
 */
export interface Vocabulary {
  readonly words: ReadonlySet<string>;
  /** Chinese is written without spaces: these are cut out of it, in any order. */
  readonly phrases: readonly string[];
}

export function createVocabulary(words: string, phrases: string): Vocabulary {
  return { words: new Set(words.split(/\s+/)), phrases: phrases.split(/\s+/) };
}

/** Links and file names become the words `<link>` and `<file>`; case, width, quotes and end marks do not matter. */
export function normalize(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('’', "'")
    .replaceAll(/https?:\/\/\S+/g, ' <link> ')
    .replaceAll(/[\w-]+\.(mp4|mov|avi|webm|mkv|jpe?g|png|gif|webp|mp3|wav|m4a|aac)\b/g, ' <file> ')
    .replaceAll(/[.,!?;"“”。,、~()…*]+/g, ' ')
    .trim();
}

/** Expects normalized text. A sign that is no word (%, :, #) belongs to no vocabulary. */
export function consistsOf(text: string, vocabulary: Vocabulary): boolean {
  const tokens = text.matchAll(/<\w+>|[a-z0-9'-]+|\p{Script=Han}+|\S/gu);
  return tokens.every(([token]) =>
    /^\p{Script=Han}/u.test(token) ? isMadeOf(token, vocabulary.phrases) : vocabulary.words.has(token),
  );
}

/** Can the text be cut into the phrases? Every position is visited once, so a long text costs no more than its length. */
function isMadeOf(text: string, phrases: readonly string[]): boolean {
  const reachable = new Set([0]);
  for (let position = 0; position < text.length; position += 1) {
    if (!reachable.has(position)) continue;
    for (const phrase of phrases) {
      if (text.startsWith(phrase, position)) reachable.add(position + phrase.length);
    }
  }
  return reachable.has(text.length);
}
