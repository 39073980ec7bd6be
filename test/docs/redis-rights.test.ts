/** The rights that docs/redis.md gives a user of Redis hold every command of ours; test/slow/containers.slow.ts tries them. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { blocksOf, readDocument, rootPath } from './document.ts';

const folders = ['src/shared', 'src/api', 'src/workers'];
/** In a script, and on a client by its name: `redis.call('HSET'`, `ctx.redis.hset(`, `pipeline.hset(`. */
const calls = /redis\.call\('([A-Z]+)'|\b(?:redis|pipeline)\.([a-z]+)\(/g;
/** What is no command of Redis, but of a client, a figure or a keeper of sockets of that name. */
const ofClient = new Set([
  'observe',
  'command',
  'call',
  'pipeline',
  'exec',
  'on',
  'once',
  'off',
  'disconnect',
  'quit',
  'connect',
  'duplicate',
  'close',
]);

test('a documented user of Redis may do whatever the service does', async () => {
  const [block = ''] = blocksOf(await readDocument('docs/redis.md'), 'acl');
  const granted = new Set([...block.matchAll(/\+([a-z]+)/g)].map(([, name]) => name));
  const missing = new Set<string>();
  for (const folder of folders) {
    const names = await readdir(rootPath(folder), { recursive: true });
    for (const name of names.filter((one) => /\.(?:ts|lua)$/.test(one))) {
      for (const [, scripted, called] of (await readDocument(`${folder}/${name}`)).matchAll(calls)) {
        const command = scripted?.toLowerCase() ?? called ?? '';
        if (!granted.has(command) && !ofClient.has(command)) missing.add(command);
      }
    }
  }
  assert.deepEqual([...missing], []);
});
