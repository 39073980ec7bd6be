/** Finds a font for titles and knows which characters it can draw. A slim machine has none: then titles are refused. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readCoverage, type Coverage } from './font-coverage.ts';

export interface FontBook {
  /** A font file that has every character of the text; null when there is none. */
  readonly fontFor: (text: string) => string | null;
}

/** Comes along as a package: plain, but it has Latin and Chinese, and a slim machine has no font at all. */
const PACKAGED = '@fontsource/unifontex/files/unifontex-latin-400-normal.woff';
const SYSTEM_FOLDERS = ['/usr/share/fonts', '/usr/local/share/fonts', '/System/Library/Fonts', '/Library/Fonts'];
const FONT_FILE = /\.(?:ttf|otf)$/iu;
/** Tried before the rest of what the system has. */
const PREFERRED = /DejaVuSans-Bold|LiberationSans-Bold|NotoSans-Bold|NotoSansSC|NotoSansCJK|wqy/u;

export function findFont(preferred: string | null, packageFolders: readonly string[]): FontBook {
  let candidates: readonly string[] | null = null;
  const coverages = new Map<string, Coverage | null>();
  const coverageOf = (path: string): Coverage | null => {
    if (!coverages.has(path)) coverages.set(path, readCoverageOf(path));
    return coverages.get(path) ?? null;
  };
  return {
    fontFor: (text) => {
      // Looked for at the first title only: most runs draw none.
      candidates ??= listFonts(preferred, packageFolders);
      return candidates.find((path) => coverageOf(path)?.hasAll(text) === true) ?? null;
    },
  };
}

function listFonts(preferred: string | null, packageFolders: readonly string[]): string[] {
  const packaged = packageFolders.map((folder) => join(folder, PACKAGED));
  const system = SYSTEM_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => FONT_FILE.test(path))
      .map((path) => join(folder, path)),
  );
  const ranked = system.sort((left, right) => Number(PREFERRED.test(right)) - Number(PREFERRED.test(left)));
  return [...(preferred === null ? [] : [preferred]), ...ranked, ...packaged].filter((path) => existsSync(path));
}

function readCoverageOf(path: string): Coverage | null {
  try {
    return readCoverage(readFileSync(path));
  } catch {
    // A font that cannot be read covers nothing; the next one is asked.
    return null;
  }
}
