/** What can be said of the built page without a browser: its size, its policy, its words in both languages. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { en } from '../../src/dashboard/data/texts-en.ts';
import { enDetail } from '../../src/dashboard/data/texts-en-detail.ts';
import { zh } from '../../src/dashboard/data/texts-zh.ts';
import { zhDetail } from '../../src/dashboard/data/texts-zh-detail.ts';
import { openTestApi } from '../api/open-test-api.ts';
import { openTestRedis } from '../redis-server.ts';

const built = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));
const mostBytes = 80_000;

test('sends at most 80 kB, packed', async () => {
  const names = (await readdir(`${built}assets`)).filter((name) => name.endsWith('.gz'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(`${built}assets/${name}`)).size));
  const sum = sizes.reduce((total, size) => total + size, 0);
  assert.ok(names.length >= 2 && sum <= mostBytes, `${sum} bytes in ${names.join()}`);
});

test('serves the page at each of its places, under a policy that allows this server alone', async () => {
  const redis = await openTestRedis();
  const { app, close } = await openTestApi(redis.socketPath, { API_KEYS: 'acme:key' });
  try {
    for (const url of ['/dashboard', '/dashboard/batches/bat_1', '/dashboard/webhooks']) {
      const answer = await app.inject({ url });
      assert.equal(answer.statusCode, 200, url);
      const policy = String(answer.headers['content-security-policy']);
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.doesNotMatch(answer.body, /https?:\/\//);
    }
    const [, script = ''] = /src="([^"]+\.js)"/.exec(await readFile(`${built}index.html`, 'utf8')) ?? [];
    const packed = await app.inject({ url: script, headers: { 'accept-encoding': 'gzip' } });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.match(String(packed.headers['cache-control']), /immutable/);
    for (const url of ['/dashboard/assets/..%2findex.html', '/dashboard/assets/none.js']) {
      assert.ok([403, 404].includes((await app.inject({ url })).statusCode), url);
    }
  } finally {
    await close();
    await redis.close();
  }
});

const figures = (text: string): string => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted().join();

test('says the same figures in English and Chinese', () => {
  const chinese: Readonly<Record<string, string>> = { ...zh, ...zhDetail };
  for (const [name, text] of Object.entries<string>({ ...en, ...enDetail })) {
    assert.equal(figures(chinese[name] ?? ''), figures(text), name);
  }
});
