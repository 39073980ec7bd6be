/** What the person named (files, folders, URLs) → sources, with every problem in plain words. It sends nothing. */
import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { acceptedExtensions, mediaTypeOf } from '../../shared/domain/media-type.ts';
import { sizeWords } from '../words.ts';

export type Source =
  | { readonly kind: 'file'; readonly path: string; readonly name: string; readonly bytes: number }
  | { readonly kind: 'url'; readonly url: string; readonly name: string };

export interface Collected {
  readonly sources: readonly Source[];
  readonly problems: readonly string[];
}

/** The editor's own limit (seed): sending more would be refused after the wait. */
const maxBytes = 500 * 1024 * 1024;
const videoExtensions = acceptedExtensions.filter((extension) => mediaTypeOf(`a.${extension}`)?.kind === 'video');

export async function collectSources(given: readonly string[]): Promise<Collected> {
  const sources: Source[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const text of given) {
    const found = await collectOne(text);
    problems.push(...found.problems);
    for (const source of found.sources) {
      // The same file by two ways (`clips clips/a.mp4`) is meant once.
      const identity = source.kind === 'url' ? source.url : await realpath(source.path);
      if (!seen.has(identity)) sources.push(source);
      seen.add(identity);
    }
  }
  return { sources, problems };
}

async function collectOne(text: string): Promise<Collected> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return collectUrl(text);
  const facts = await factsOf(text);
  if (typeof facts === 'string') return trouble(facts);
  return facts.isFolder ? collectFolder(text) : collectFile(text, facts.bytes);
}

function collectUrl(text: string): Collected {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) {
    return trouble(`${text} is no web address that can be used. Start it with https://`);
  }
  const name = new URL(text).pathname.split('/').at(-1) ?? '';
  return { sources: [{ kind: 'url', url: text, name: name === '' ? text : name }], problems: [] };
}

function collectFile(path: string, bytes: number): Collected {
  const name = basename(path);
  if (mediaTypeOf(name) === null) {
    return trouble(`${path} has a type that is not supported. Use one of: ${acceptedExtensions.join(', ')}.`);
  }
  if (bytes === 0) return trouble(`${path} is empty.`);
  if (bytes > maxBytes) return trouble(`${path} has ${sizeWords(bytes)}; the limit is 500 MB. Compress or trim it.`);
  return { sources: [{ kind: 'file', path, name, bytes }], problems: [] };
}

/** Videos directly in it, in natural order; images and sound in a folder are rather assets than sources. */
async function collectFolder(path: string): Promise<Collected> {
  const order = new Intl.Collator('en', { numeric: true });
  const names = (await readdir(path)).filter((name) => !name.startsWith('.') && mediaTypeOf(name)?.kind === 'video');
  if (names.length === 0) return trouble(`${path} is a folder without videos (${videoExtensions.join(', ')}).`);
  const found: Collected[] = [];
  for (const name of names.sort(order.compare)) {
    const facts = await factsOf(join(path, name));
    if (typeof facts === 'string') found.push(trouble(facts));
    else if (!facts.isFolder) found.push(collectFile(join(path, name), facts.bytes));
  }
  return { sources: found.flatMap((one) => one.sources), problems: found.flatMap((one) => one.problems) };
}

async function factsOf(path: string): Promise<{ isFolder: boolean; bytes: number } | string> {
  try {
    const stats = await stat(path);
    if (!stats.isFile() && !stats.isDirectory()) return `${path} is neither a file nor a folder.`;
    await access(path, constants.R_OK);
    return { isFolder: stats.isDirectory(), bytes: stats.size };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'EACCES' ? `${path} cannot be read: no permission.` : `${path} does not exist.`;
  }
}

const trouble = (problem: string): Collected => ({ sources: [], problems: [problem] });
