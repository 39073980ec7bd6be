/** Names of files that came from elsewhere → names that are safe to write on any system. Pure. */

/** Most file systems take 255 bytes; the rest is for a number and the ending of unfinished files. */
const maxStemBytes = 200;
const reservedOnWindows = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/** The last part of the name without its extension and without anything that could lead out of a folder. */
export function safeStem(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const stem = last
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>:"|?*]/gu, '_')
    .replace(/^[.\s-]+/, '')
    .replace(/[.\s]+$/, '');
  const short = cutBytes(stem, maxStemBytes);
  if (short === '') return 'video';
  return reservedOnWindows.test(short) ? `${short}_` : short;
}

/** The first free one of `a.mp4`, `a-2.mp4`, `a-3.mp4`; `from` skips numbers that are known to be taken. */
export function uniqueName(
  stem: string,
  isTaken: (name: string) => boolean,
  from = 1,
): { name: string; number: number } {
  for (let number = from; ; number += 1) {
    const name = number === 1 ? `${stem}.mp4` : `${stem}-${number}.mp4`;
    if (!isTaken(name)) return { name, number };
  }
}

/** As a name to send: the service refuses slashes, control characters and more than 255 characters. */
export function sendableName(name: string): string {
  const clean = name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}/\\]/gu, '_');
  const extension = /\.[^.]{1,10}$/.exec(clean)?.[0] ?? '';
  return clean.length <= 255 ? clean : `${clean.slice(0, 255 - extension.length)}${extension}`;
}

function cutBytes(text: string, maxBytes: number): string {
  let kept = '';
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > maxBytes) break;
    kept += character;
  }
  return kept;
}
