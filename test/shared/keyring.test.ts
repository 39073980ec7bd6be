import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { createAuth } from '../../src/api/auth.ts';
import { readKeysText } from '../../src/shared/config/api-keys-file.ts';
import { readConfig } from '../../src/shared/config/config.ts';
import { openKeyring, type Keyring } from '../../src/shared/keyring.ts';
import { silentLog } from '../redis-server.ts';

const folder = await mkdtemp(join(tmpdir(), 'bv-keys-'));
after(() => rm(folder, { recursive: true, force: true }));

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const line = (name: string, key: string, role = 'operator', expires = ''): string =>
  `${name} shop ${role} ${hash(key)} ${expires}\n`;

let files = 0;
async function open(
  text: string,
  apiKeys = '',
): Promise<{ keyring: Keyring; rewrite: (text: string) => Promise<void> }> {
  const path = join(folder, `keys-${files++}`);
  await writeFile(path, text);
  const config = readConfig({ API_KEYS_FILE: path, API_KEYS: apiKeys }, '/');
  return { keyring: await openKeyring(config, silentLog), rewrite: (next) => writeFile(path, next) };
}

/** What a call with that key is: its tenant and role, or the code of the refusal. */
async function ask(keyring: Keyring, key: string, now?: () => number): Promise<string> {
  const auth = createAuth(keyring, async () => null, now);
  const request = { headers: { authorization: `Bearer ${key}` }, routeOptions: { config: {} }, method: 'GET' };
  return auth.authenticate(request as unknown as FastifyRequest).then(
    ({ tenant, role }) => `${tenant} ${role}`,
    (error: { code: string }) => error.code,
  );
}

test('takes a line a key and JSON alike, by the hash alone', () => {
  const expires = '2027-01-31T00:00:00Z';
  const lines = readKeysText(`# of the shop\n\n${line('a', 'k1')}${line('b', 'k2', 'viewer', expires)} # old`);
  const json = readKeysText(
    JSON.stringify([
      { name: 'a', tenant: 'shop', role: 'operator', sha256: hash('k1').toUpperCase() },
      { name: 'b', tenant: 'shop', role: 'viewer', sha256: hash('k2'), expires },
    ]),
  );
  assert.deepEqual(lines.problems, []);
  assert.deepEqual(lines, json);
  assert.equal(lines.keys[1]?.expiresAtMs, Date.parse(expires));
});

test('names every problem of a file at once, by its place, and quotes nothing', () => {
  const secret = 'secret-in-the-wrong-place';
  const text = `${line('a', 'k1')}${line('a', 'k2')}${line('b', 'k1')}c shop boss ${secret}\nd sh/op operator ${hash('')} tomorrow x\n`;
  const { problems } = readKeysText(text);
  assert.deepEqual(problems, [
    'line 2: repeats the name of an earlier key',
    'line 3: repeats the hash of an earlier key',
    'line 4: role must be one of viewer, operator, admin',
    'line 4: sha256 must be 64 hexadecimal digits',
    'line 5: tenant must be letters, digits, "_", ".", "@" or "-", 64 at most',
    'line 5: sha256 is the hash of an empty text: was the variable set?',
    'line 5: expires must be a time such as 2027-01-31T00:00:00Z',
    'line 5: has a name that is none of a key',
  ]);
  assert.doesNotMatch(problems.join('\n'), new RegExp(secret));
  assert.deepEqual(readKeysText('[{').problems, ['is not JSON']);
  assert.deepEqual(readKeysText('# nobody\n').problems, ['has no key']);
});

test('serves the keys of both settings, and none twice', async () => {
  const { keyring } = await open(line('a', 'k1', 'viewer'), 'ops:k9:admin');
  assert.equal(await ask(keyring, 'k1'), 'shop viewer');
  assert.equal(await ask(keyring, 'k9'), 'ops admin');
  assert.equal(await ask(keyring, hash('k1')), 'invalid_api_key', 'the hash is no key');
  await assert.rejects(open(line('a', 'k1'), 'ops:k1:admin'), { code: 'config_invalid', message: /the key a is in API_KEYS/ }); // prettier-ignore
  await assert.rejects(open(`${line('a', 'k1')}b\n${line('c', 'k1')}`), (error: Error) => {
    assert.match(error.message, /line 2: tenant/);
    assert.match(error.message, /line 3: repeats the hash/);
    return true;
  });
});

test('refuses a key from the moment it expires', async () => {
  const expires = '2027-01-31T00:00:00Z';
  const { keyring } = await open(line('a', 'k1', 'operator', expires));
  assert.equal(await ask(keyring, 'k1', () => Date.parse(expires) - 1), 'shop operator');
  assert.equal(await ask(keyring, 'k1', () => Date.parse(expires)), 'invalid_api_key');
});

test('takes a good file when asked to read again, and keeps the old keys when it has a fault', async () => {
  const { keyring, rewrite } = await open(line('a', 'old'));
  await rewrite(`${line('a', 'old')}oops\n`);
  await keyring.reread();
  assert.equal(await ask(keyring, 'old'), 'shop operator');
  await rewrite('');
  await keyring.reread();
  assert.equal(await ask(keyring, 'old'), 'shop operator', 'an emptied file opens nothing and closes nothing');
  await rewrite(line('b', 'new'));
  await keyring.reread();
  assert.equal(await ask(keyring, 'old'), 'invalid_api_key');
  assert.equal(await ask(keyring, 'new'), 'shop operator');
});

test('needs a key as soon as a file is named, also beyond loopback', () => {
  assert.doesNotThrow(() => readConfig({ HOST: '0.0.0.0', API_KEYS_FILE: 'keys' }, '/'));
  assert.throws(() => readConfig({ HOST: '0.0.0.0' }, '/'), { code: 'config_invalid' });
});
