/**
 * A client that others' tools make of /openapi.json, in a folder of its own with the TypeScript that they need: it is
 * type-checked, sends a file, makes a batch of it and reads the result, against the real service and the sandbox.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { startSandbox, startService } from '../processes.ts';
import { installInto, reachesRegistry, runIn, unreachableRegistry } from './registry.ts';

const packages = ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0', 'typescript@5.9.3'];

/** `body` is a string to the generator wherever OpenAPI says binary; what is sent is up to the serializer. */
const consumer = `import { openAsBlob } from 'node:fs';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

const [, , baseUrl = '', clip = ''] = process.argv;
const client = createClient<paths>({ baseUrl });
const blob = await openAsBlob(clip);
const sent = await client.POST('/uploads', {
  params: { query: { name: 'clip.mp4' } },
  body: '',
  bodySerializer: () => blob,
  headers: { 'content-type': 'application/octet-stream' },
});
if (sent.data === undefined) throw new Error(sent.error.code);
const made = await client.POST('/batches', {
  body: { instructions: ['trim the first 1 second'], files: [{ source: { upload_id: sent.data.id } }] },
});
if (made.data === undefined || !('id' in made.data)) throw new Error(made.error?.code);
const path = { id: made.data.id };
let batch: components['schemas']['Batch'] | undefined;
do {
  batch = (await client.GET('/batches/{id}', { params: { path } })).data;
} while (batch?.finished_at === null);
const files = await client.GET('/batches/{id}/files', { params: { path, query: { status: 'completed' } } });
const lost = await client.GET('/batches/{id}', { params: { path: { id: 'bat_0' } } });
console.log(JSON.stringify([
  batch?.status, batch?.counts.completed, files.data?.data.map((file) => file.name), lost.error?.code,
]));
`;
const mistakes = `import createClient from 'openapi-fetch';
import type { paths } from './schema.js';
const client = createClient<paths>({ baseUrl: '' });
await client.POST('/uploads', { params: { query: { name: 'a.mp4' } } });
`;

test('a generated client sends a file and sees its batch to the end', { timeout: 300_000 }, async (t) => {
  if (!reachesRegistry()) return t.skip(unreachableRegistry);
  const folder = await mkdtemp(join(tmpdir(), 'bv-generated-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await installInto(folder, [...packages, '@types/node@24']);
  const sandbox = await startSandbox('--instant', '--copy');
  t.after(() => sandbox.kill());
  const service = await startService('all', { DATA_DIR: join(folder, 'data'), NEMO_API_URL: sandbox.address });
  t.after(() => service.kill());
  await makeClip({ path: join(folder, 'clip.mp4'), seconds: 4, width: 160, height: 90 });

  const document = await (await fetch(`${service.address}/openapi.json`)).text();
  await writeFile(join(folder, 'openapi.json'), document);
  const bin = (name: string): string => join(folder, 'node_modules', '.bin', name);
  const made = await runIn(folder, bin('openapi-typescript'), ['openapi.json', '-o', 'schema.d.ts']);
  assert.equal(made.code, 0, made.out);
  const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom'];
  const check = async (file: string, text: string) => {
    await writeFile(join(folder, file), text);
    return await runIn(folder, bin('tsc'), [...flags, file]);
  };
  const checked = await check('consumer.ts', consumer);
  assert.equal(checked.code, 0, checked.out);
  // Types that take anything would have passed, too.
  assert.match((await check('mistakes.ts', mistakes)).out, /'body' is missing/);

  const { out } = await runIn(folder, execPath, ['consumer.ts', service.address, join(folder, 'clip.mp4')]);
  assert.deepEqual(JSON.parse(out.trim().split('\n').at(-1) ?? ''), ['completed', 1, ['clip.mp4'], 'not_found']);
});
