/** Rules of CONTRIBUTING that no linter of ours can hold. */
import assert from 'node:assert/strict';
import { glob } from 'node:fs/promises';
import { before, test } from 'node:test';
import { readDocument, rootPath } from './document.ts';

interface Source {
  readonly path: string;
  readonly text: string;
}
let sources: Source[];

before(async () => {
  sources = [];
  for await (const path of glob('src/**/*.{ts,lua}', { cwd: rootPath('.') })) {
    sources.push({ path, text: await readDocument(path) });
  }
  assert.ok(sources.length > 200, 'the sources were found');
});

const typescript = (): Source[] => sources.filter(({ path }) => path.endsWith('.ts'));
const pathsWhere = (some: readonly Source[], holds: (text: string) => boolean): string[] =>
  some.filter(({ text }) => holds(text)).map(({ path }) => path);

/** Text of comments and strings is no code. */
const codeOf = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/.*$/gm, '').replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");

test('has no file of more than 250 lines', () => {
  assert.deepEqual(
    pathsWhere(sources, (text) => text.trimEnd().split('\n').length > 250),
    [],
  );
});

test('opens each file with what it is', () => {
  const opens = (text: string): boolean => /^(#!.*\n)?(\/\*|--)/.test(text);
  assert.deepEqual(
    pathsWhere(sources, (text) => !opens(text)),
    [],
  );
});

const readsEnvironment = (text: string): boolean => {
  const imported = [...text.matchAll(/import (?:\{([^}]*)\}|(\w+)[^;{]*) from 'node:process'/g)];
  const named = imported.some(([, names = '']) => names.split(',').some((name) => /^\s*env\b/.test(name)));
  return named || /\bprocess\.env\b/.test(codeOf(text)) || /\.env\(/.test(codeOf(text));
};

test('reads the environment in its few places only', () => {
  assert.deepEqual(pathsWhere(typescript(), readsEnvironment).toSorted(), [
    // Options of the command, which commander reads.
    'src/cli/program.ts',
    'src/sandbox/config.ts',
    'src/shared/config/read-environment.ts',
  ]);
});

const evades = (text: string): boolean =>
  /@ts-(ignore|expect-error|nocheck)/.test(text) || /(?::|<|\bas|,|\|)\s*any\b(?!\w)/.test(codeOf(text));

test('never leaves the types', () => {
  assert.deepEqual(pathsWhere(typescript(), evades), []);
});

test('finds what it looks for', () => {
  assert.ok(evades('const a: any = 1;') && evades('// @ts-ignore') && evades('x as any'));
  assert.ok(!evades('/** any of: any */') && !evades("'a: any'"));
  assert.ok(readsEnvironment("import { argv, env } from 'node:process';"));
  assert.ok(readsEnvironment("import process from 'node:process';\nprocess.env['A'];"));
  assert.ok(!readsEnvironment("import { argv } from 'node:process';"));
});
