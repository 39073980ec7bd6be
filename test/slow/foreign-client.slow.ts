/**
 * A client that others' tools make of /openapi.json (openapi-typescript, openapi-fetch, with the TypeScript they need, in a
 * folder of their own) compiles, refuses what the API would, and works against the service.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { openTestApi } from '../api/open-test-api.ts';
import { openTestRedis } from '../redis-server.ts';

const run = promisify(execFile);
const packages = ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0', 'typescript@5.9.3'];

const caller = `import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

declare const process: { readonly argv: readonly string[] };
declare const console: { log(text: string): void };

const headers = { authorization: 'Bearer key-of-acme' };
const client = createClient<paths>({ baseUrl: process.argv[2] ?? '', headers });
const body: components['schemas']['BatchRequestInput'] = {
  instructions: ['trim the first 3 seconds'],
  files: [{ source: { url: 'https://media.example/a.mp4' }, custom_id: 'sku-1' }],
};
const params = { header: { 'idempotency-key': 'once' } };
const posted = await client.POST('/batches', { params, body });
const id = posted.data !== undefined && 'id' in posted.data ? posted.data.id : '';
const path = { id };
const batch = await client.GET('/batches/{id}', { params: { path } });
const files = await client.GET('/batches/{id}/files', { params: { path, query: { status: 'queued' } } });
const canceled = await client.POST('/batches/{id}/cancel', { params: { path }, body: {} });
const missing = await client.GET('/batches/{id}', { params: { path: { id: 'bat_0' } } });
const again = await client.POST('/batches', { body: { ...body, files: [] } });
console.log(JSON.stringify({
  id: batch.data?.id === id,
  total: batch.data?.counts.total,
  custom: files.data?.data.map((file) => file.custom_id),
  canceled: canceled.response.status,
  missing: missing.error?.code,
  problems: again.error?.errors?.map((error) => error.pointer),
}));
`;

/** What its types are to refuse. */
const mistaken = `import createClient from 'openapi-fetch';
import type { paths } from './api.js';
const client = createClient<paths>({ baseUrl: '' });
await client.POST('/batches', { body: { files: [{ sources: { url: 'https://media.example/a.mp4' } }] } });
await client.GET('/batches/{id}/files', { params: { path: { id: '1' }, query: { status: 'finished' } } });
`;

async function install(t: TestContext, folder: string): Promise<boolean> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  try {
    await run('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder, timeout: 120_000 });
    return true;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    // A registry that answers has no excuse: only one that is not reached skips.
    if (!/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ECONNRESET|EAI_AGAIN|ENETUNREACH|FETCH_ERROR/.test(stderr)) throw error;
    t.diagnostic('NOT CHECKED: the package registry cannot be reached');
    t.skip('the package registry cannot be reached');
    return false;
  }
}

test('a client made by a foreign generator works', { timeout: 240_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bv-foreign-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  if (!(await install(t, folder))) return;
  const redis = await openTestRedis();
  const api = await openTestApi(redis.socketPath, { API_KEYS: 'acme:key-of-acme' });
  t.after(async () => {
    await api.close();
    await redis.close();
  });
  const address = await api.app.listen({ port: 0, host: '127.0.0.1' });
  await writeFile(join(folder, 'openapi.json'), await (await fetch(`${address}/openapi.json`)).text());
  const bin = (name: string): string => join(folder, 'node_modules', ...name.split('/'));
  const options = { cwd: folder };
  await run(execPath, [bin('openapi-typescript/bin/cli.js'), 'openapi.json', '-o', 'api.d.ts'], options);
  const compile = (file: string) =>
    run(
      execPath,
      [
        bin('typescript/bin/tsc'),
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2023',
        '--lib',
        'es2023,dom',
        file,
      ],
      options,
    );
  await writeFile(join(folder, 'caller.ts'), caller);
  await compile('caller.ts');
  const { stdout } = await run(execPath, ['caller.js', address], options);
  assert.deepEqual(JSON.parse(stdout), {
    id: true,
    total: 1,
    custom: ['sku-1'],
    canceled: 202,
    missing: 'not_found',
    problems: ['#/files'],
  });
  await writeFile(join(folder, 'mistaken.ts'), mistaken);
  await assert.rejects(compile('mistaken.ts'), ({ stdout }: { stdout: string }) => {
    assert.match(stdout, /'sources' does not exist/);
    assert.match(stdout, /"finished"' is not assignable/);
    return true;
  });
});
