/** The doctor on real things that are wrong: each is told with what to do, and what is right is not complained of. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import type { Finding } from '../../src/doctor/finding.ts';
import { runDoctor, type DoctorOptions } from '../../src/doctor/run-doctor.ts';
import { openSandbox, type OpenSandbox } from '../../src/sandbox/sandbox.ts';
import { openEmbeddedRedis, type EmbeddedRedis } from '../../src/shared/redis/embedded/open-embedded-redis.ts';
import { createKeys } from '../../src/shared/redis/keys.ts';
import { silentLog } from '../redis-server.ts';

let folder: string;
let server: EmbeddedRedis;
let sandbox: OpenSandbox;
let redis: Redis;
let good: Record<string, string>;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bv-doctor-'));
  server = await openEmbeddedRedis({ dataDir: folder, log: silentLog });
  redis = new Redis(server.socketPath);
  sandbox = await openSandbox({ logLevel: 'silent', copy: true, tokens: [{ token: 'good', credits: 500 }] });
  good = {
    REDIS_URL: `unix://${server.socketPath}`,
    DATA_DIR: folder,
    MAX_FILE_BYTES: '1000',
    NEMO_API_URL: sandbox.url,
    NEMO_TOKEN: 'good',
    NEMO_TOKEN_FALLBACK: 'fail',
    API_KEYS: 'shop:k',
  };
});
after(async () => {
  redis.disconnect();
  await sandbox.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function look(changes: Record<string, string> = {}, options: Partial<DoctorOptions> = {}): Promise<Finding[]> {
  const findings = await runDoctor({ environment: { ...good, ...changes }, directory: folder, ...options });
  for (const { verdict, advice, detail } of findings) assert.equal(verdict === 'ok', advice === null, detail);
  return findings;
}
const complaints = (findings: readonly Finding[]): string[] =>
  findings
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ verdict, check, detail }) => `${verdict} ${check}: ${detail}`);
const told = (findings: readonly Finding[], ...patterns: readonly RegExp[]): void => {
  const found = complaints(findings);
  assert.equal(found.length, patterns.length, found.join('\n'));
  for (const [at, pattern] of patterns.entries()) assert.match(found[at] ?? '', pattern);
};

test('finds nothing to say of an installation that is as it should be, and leaves nothing behind', async () => {
  const findings = await look({}, { findFfmpeg: () => '/usr/bin/ffmpeg' });
  told(findings);
  const checks = ['settings', 'keys', 'waits', 'redis', 'disk', 'upstream', 'token', 'clock', 'ffmpeg'];
  assert.deepEqual(findings.map(({ check }) => check), checks); // prettier-ignore
  assert.deepEqual(await readdir(join(folder, 'uploads')), []);
  assert.equal(await redis.dbsize(), 0);
});

test('fails on a Redis that evicts, and on one that writes no file', async (t) => {
  t.after(() => redis.config('SET', 'maxmemory-policy', 'noeviction', 'appendonly', 'yes'));
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru', 'appendonly', 'no');
  told(await look(), /^fail redis: maxmemory-policy is allkeys-lru/, /^fail redis: appendonly is off/);
});

test('warns of a Redis that writes late, and of one that is nearly full', async (t) => {
  t.after(() => redis.config('SET', 'appendfsync', 'always', 'maxmemory', '0'));
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  await redis.config('SET', 'appendfsync', 'everysec', 'maxmemory', String(Math.round(used * 1.05)));
  told(await look(), /^warn redis: appendfsync is everysec/, /^warn redis: uses \d+ % of maxmemory/);
});

test('fails where no Redis answers, and prints no password', async () => {
  const findings = await look({ REDIS_URL: 'redis://user:s3cret@127.0.0.1:9' });
  told(findings, /^fail redis: does not answer: .*ECONNREFUSED/);
  assert.doesNotMatch(JSON.stringify(findings), /s3cret/);
});

test('says which server is started where none is named', async () => {
  const findings = await look({ REDIS_URL: '', PATH: process.env['PATH'] ?? '', HOME: folder });
  assert.match(findings.find(({ check }) => check === 'redis')?.detail ?? '', /^REDIS_URL is not set/);
});

test('fails on settings that contradict each other, all at once', async () => {
  const wrong = { STALL_CHECK_MS: '40000', EDIT_IDLE_MS: '1000000', SWEEP_MS: 'soon' };
  told(await look(wrong), /^fail settings: SWEEP_MS/, /^fail settings: STALL_CHECK_MS/, /^fail settings: EDIT_IDLE_MS/);
});

test('warns of waits that the start takes and that do not fit', async () => {
  const findings = await look({
    LOCK_MS: '700000',
    EDIT_SETTLE_MS: '70000',
    EDIT_RECHECK_FIRST_MS: '950000',
    RENDER_MAX_POLLS: '2',
    UPSTREAM_GIVE_UP_MS: '10000',
    DRAIN_MS: '60000',
    RETENTION_DAYS: '1',
  });
  told(
    findings,
    /^warn waits: LOCK_MS is above EDIT_IDLE_MS/,
    /^warn waits: EDIT_SETTLE_MS is above EDIT_RECHECK_MS/,
    /^warn waits: EDIT_RECHECK_FIRST_MS is above EDIT_TIMEOUT_MS/,
    /^warn waits: RENDER_POLL_MS × RENDER_MAX_POLLS/,
    /^warn waits: RATE_LIMIT_WAIT_MS is above UPSTREAM_GIVE_UP_MS/,
    /^warn waits: DRAIN_MS/,
    /^warn waits: WEBHOOK_RETRY_MS is longer than RETENTION_DAYS/,
  );
  told(await look({ LOCK_MS: '500', STALL_CHECK_MS: '500' }), /^warn waits: LOCK_MS is below 2000/);
});

test('fails on a folder that cannot be written to, and on a disk without room for one file', async () => {
  await writeFile(join(folder, 'a-file'), '');
  told(await look({ UPLOAD_DIR: join(folder, 'a-file', 'uploads') }), /^fail disk: UPLOAD_DIR cannot be written/);
  told(await look({ MAX_FILE_BYTES: '9000000000000000' }), /^fail disk: UPLOAD_DIR has .* less than one file/);
  told(await look({ MEDIA_ROOT: join(folder, 'nowhere') }), /^fail disk: MEDIA_ROOT/);
});

test('fails where UPLOAD_DIR is not the folder of the API', async (t) => {
  const key = createKeys('batch-video').uploadMarker();
  t.after(() => redis.del(key));
  await redis.set(key, 'another volume');
  told(await look(), /^fail uploads: UPLOAD_DIR is not the folder/);
});

async function serve(date: () => string | null, status = 404): Promise<{ url: string; server: Server }> {
  const web = createServer((_, response) => {
    const told = date();
    response.sendDate = false;
    response.writeHead(status, told === null ? {} : { date: told }).end('{"code":0,"data":{"available":500}}');
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(web.address() as AddressInfo).port}`, server: web };
}

test('fails where nobody is upstream, and where what is there is broken', async (t) => {
  const [nowhere] = [{ NEMO_API_URL: 'http://127.0.0.1:9' }];
  told(await look(nowhere), /^fail upstream: http:\/\/127\.0\.0\.1:9 does not answer/);
  const broken = await serve(() => null, 503);
  t.after(() => broken.server.close());
  told(await look({ NEMO_API_URL: broken.url }), /^fail upstream: .* answers with 503/);
});

test('fails on a token that is refused, and warns of none', async () => {
  told(await look({ NEMO_TOKEN: 'stale' }), /^fail token: NEMO_TOKEN is refused/);
  const anonymous = { NEMO_TOKEN: '', NEMO_API_URL: 'http://upstream.invalid' };
  told(await look(anonymous), /^fail upstream: http:\/\/upstream\.invalid does not answer/);
});

test('tells a clock that is off, by Redis and by the Date of the upstream', async (t) => {
  const slow = await look({}, { now: () => Date.now() - 60_000 });
  told(slow, /^warn clock: Redis' clock is 60 s ahead/, /^warn clock: the upstream's clock .* is (59|60) s ahead/);
  const far = await serve(() => new Date(Date.now() - 3_600_000).toUTCString(), 200);
  t.after(() => far.server.close());
  told(await look({ NEMO_API_URL: far.url }), /^fail clock: the upstream's clock .* is 360[01] s behind/);
});

test('asks for ffmpeg only where the sandbox runs', async () => {
  const findFfmpeg = (): string => {
    throw new Error('none');
  };
  told(await look({}, { findFfmpeg }), /^fail ffmpeg/);
  const elsewhere = await look({ NEMO_API_URL: 'http://upstream.invalid' }, { findFfmpeg });
  told(elsewhere, /^fail upstream/);
});

test('names the faults of API_KEYS_FILE, and warns where there is no key at all', async () => {
  await writeFile(join(folder, 'keys'), 'a shop boss x\n');
  told(await look({ API_KEYS_FILE: 'keys' }), /^fail keys: .*line 1: role/, /^fail keys: .*line 1: sha256/);
  told(await look({ API_KEYS: '' }), /^warn keys: none/);
});
