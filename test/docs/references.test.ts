/** What the documents name is there: links, files, functions, commands, endpoints, codes. */
import assert from 'node:assert/strict';
import { access, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { errorCodes } from '../../src/shared/domain/error-codes.ts';
import { openTestApi } from '../api/open-test-api.ts';
import { openTestRedis } from '../redis-server.ts';
import {
  anchorsOf,
  bare,
  documents,
  namedPaths,
  readDocument,
  relativeLinks,
  rootPath,
  tableUnder,
} from './document.ts';

const packageJson = z.object({ scripts: z.record(z.string(), z.string()) });

test('links only to files and headings that are there', async () => {
  for (const document of documents) {
    const text = await readDocument(document);
    for (const target of relativeLinks(text)) {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      await assert.doesNotReject(access(rootPath(file)), `${document} links to ${target}`);
      if (anchor !== undefined)
        assert.ok(anchorsOf(await readDocument(file)).includes(anchor), `${document}: ${target}`);
    }
  }
});

test('names only source files that are there', async () => {
  for (const document of documents) {
    for (const path of namedPaths(await readDocument(document))) {
      // Made by whoever runs it.
      if (path.includes('*') || path === '.part' || path === '.env' || path === 'bench/results/') continue;
      await assert.doesNotReject(access(rootPath(path)), `${document} names ${path}`);
    }
  }
});

test('leads through functions that their files define', async () => {
  const rows = tableUnder(await readDocument('ARCHITECTURE.md'), "## One file's way through the source");
  assert.ok(rows.length > 0 && rows.length <= 12, `${rows.length} files to follow one video`);
  for (const [, where = ''] of rows) {
    const [path = '', name = ''] = where.split(' → ').map(bare);
    const source = await readDocument(path);
    assert.match(source, new RegExp(`export (async )?function ${name}\\b|export const ${name}\\b`), where);
  }
});

test('names only commands that package.json has', async () => {
  const { scripts } = packageJson.parse(JSON.parse(await readDocument('package.json')));
  for (const document of documents) {
    const text = await readDocument(document);
    const named = [...text.matchAll(/npm run (?:-s )?([a-z][a-z:]*)/g)].map(([, name = '']) => name);
    // What a document says is not there yet must not be there.
    const missing = [...text.matchAll(/no `npm run ([a-z:]+)`/g)].map(([, name = '']) => name);
    for (const name of missing) assert.ok(!(name in scripts), `${document}: there is an ${name} by now`);
    for (const name of named) {
      assert.ok(name in scripts || missing.includes(name), `${document} names npm run ${name}`);
    }
  }
});

test('names every command of package.json in the README', async () => {
  const { scripts } = packageJson.parse(JSON.parse(await readDocument('package.json')));
  const readme = await readDocument('README.md');
  const parts = ['check:types', 'check:lint', 'check:format']; // of `npm run check`; CONTRIBUTING has them
  for (const name of Object.keys(scripts).filter((name) => !parts.includes(name))) {
    const command = name === 'test' || name === 'start' ? `npm ${name}` : `npm run ${name}`;
    assert.ok(readme.includes(`\`${command}\``), `${command} is not in the README`);
  }
});

test('names every endpoint of the API in the README, with a call of it', async () => {
  const redis = await openTestRedis();
  const { app, close } = await openTestApi(redis.socketPath);
  try {
    await app.ready();
    const paths = Object.entries(app.swagger().paths ?? {});
    assert.ok(paths.length > 15, 'the document has the routes');
    const readme = await readDocument('README.md');
    const calls = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block).join('\n');
    for (const [path, methods] of paths) {
      const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
      for (const method of Object.keys(methods)) {
        if (method === 'head') continue;
        assert.ok(calls.includes(`${method.toUpperCase()} ${pattern}`), `${method} ${pattern} is not in the README`);
      }
      const called = new RegExp(`\\$url${path.replaceAll(/\{\w+\}/g, '\\$\\w+').replaceAll('.', '\\.')}(?![\\w/])`);
      assert.match(calls, called, `nothing calls ${pattern}`);
    }
  } finally {
    await close();
    await redis.close();
  }
});

test('lists codes of refusals that the API has', async () => {
  const rows = tableUnder(await readDocument('ARCHITECTURE.md'), '### Of the request');
  const listed = rows.flatMap(([, codes = '']) => [...codes.matchAll(/`([a-z]+(?:_[a-z]+)+|forbidden|unavailable)`/g)]);
  const files = (await readdir(rootPath('src/api'))).filter((name) => name.endsWith('.ts'));
  const source = (await Promise.all(files.map((name) => readDocument(`src/api/${name}`)))).join('\n');
  assert.ok(listed.length > 30, `${listed.length} codes listed`);
  for (const [, code = ''] of listed) {
    if (code === 'request_id') continue;
    assert.ok(source.includes(`'${code}'`), `no refusal has the code ${code}`);
  }
});

test('names only boundaries that the code reaches', async () => {
  const rows = tableUnder(await readDocument('ARCHITECTURE.md'), '## Crashes');
  const named = rows.flatMap(([, boundaries = '']) =>
    [...boundaries.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  assert.ok(named.length > 15, `${named.length} boundaries named`);
  const files = (await readdir(rootPath('src'), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const source = (await Promise.all(files.map((name) => readDocument(`src/${name}`)))).join('\n');
  // A name with a part that the code fills in (an event, a step, an action) is found by what stands around it.
  const reached = [...source.matchAll(/reach\((['`])([^'`]+)\1\)/g)].map(
    ([, , name = '']) => new RegExp(`^${RegExp.escape(name).replaceAll(/\\\$\\\{[^}]*\}/g, '[\\w-]+')}$`),
  );
  const events = await readDocument('src/shared/domain/events.ts');
  for (const name of named) {
    assert.ok(
      reached.some((pattern) => pattern.test(name)),
      name,
    );
    const [, event] = /^save ([\w-]+): /.exec(name) ?? [];
    if (event !== undefined) assert.ok(events.includes(`type: '${event}'`), `there is no event ${event}`);
  }
});

test('explains every code that the API can answer with, in the guide to errors', async () => {
  const guide = await readDocument('docs/errors.md');
  const files = (await readdir(rootPath('src/api'))).filter((name) => name.endsWith('.ts'));
  const source = (await Promise.all(files.map((name) => readDocument(`src/api/${name}`)))).join('\n');
  const codes = new Set(
    [...source.matchAll(/\bcode: '([a-z_]+)'|(?:conflict|refusedKey)\((?:\d+, )?'([a-z_]+)'/g)].map(
      ([, code, other]) => code ?? other ?? '',
    ),
  );
  codes.delete('unrecognized_keys'); // zod's own word, told as `unknown_key`
  assert.ok(codes.size > 60, `${codes.size} codes found`);
  for (const code of [...codes, ...errorCodes])
    assert.ok(guide.includes(`\`${code}\``), `docs/errors.md lacks ${code}`);
});
