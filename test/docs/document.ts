/** Reads the project's documents as tests need them: tables, links, code blocks. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'bench/README.md',
  'src/sandbox/README.md',
  'docs/batches.md',
  'docs/client.md',
  'docs/containers.md',
  'docs/credits.md',
  'docs/dashboard.md',
  'docs/errors.md',
  'docs/events.md',
  'docs/licences.md',
  'docs/operation.md',
  'docs/quick-start.md',
  'docs/redis.md',
  'docs/runbook.md',
  'docs/sandbox.md',
  'docs/scaling.md',
  'docs/security.md',
  'docs/webhooks.md',
];

export const rootPath = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
export const readDocument = (path: string): Promise<string> => readFile(rootPath(path), 'utf8');

/** Rows of the first table under a heading, its head left out; `\|` is a bar inside a cell. */
export function tableUnder(text: string, heading: string): string[][] {
  const [, after] = text.split(`\n${heading}\n`);
  if (after === undefined) throw new Error(`there is no "${heading}"`);
  const rows = /^\|.*(?:\n\|.*)*/m.exec(after)?.[0].split('\n') ?? [];
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

export const bare = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');

/** Blocks of a language between fences, in the order of the text. */
export const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);

/** Targets of links that lead to files of this repository. */
export function relativeLinks(text: string): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '');
  return [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) =>
    /^[a-z]+:/i.test(target) ? [] : [target],
  );
}

/** As GitHub makes them of headings. */
export const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Paths of source files named in backticks. */
export const namedPaths = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/`((?:src|test|scripts|bench|bin)\/[\w./-]+|\.[\w./-]+)`/g)].map(([, path = '']) => path),
  ),
];
