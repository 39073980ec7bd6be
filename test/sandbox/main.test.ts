/** The command: it says where it listens, stops on a signal, and says what is missing in a sentence. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { findFfmpeg } from '../../src/sandbox/ffmpeg.ts';

const MAIN = new URL('../../src/sandbox/main.ts', import.meta.url).pathname;

function start(...flags: string[]) {
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return { child, errors: () => errors };
}

test('prints its URL, serves, and ends with 0 on SIGTERM', async () => {
  const { child } = start('--port', '0', '--instant', '--copy', '--token', 'nmv_usr_known:300');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = /^sandbox listening on (http:\/\/127\.0\.0\.1:\d+)\n/u.exec(line.toString())?.[1];
  const headers = { authorization: 'Bearer nmv_usr_known' };
  const balance = await (await fetch(`${url}/api/credits/balance/simple`, { headers })).json();
  assert.deepEqual(balance, { code: 0, data: { available: 300, frozen: 0, total: 300 } });
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('refuses flags that make no sense', async () => {
  const { child, errors } = start('--dialect', 'X');
  assert.deepEqual(await once(child, 'exit'), [1, null]);
  assert.match(errors(), /Allowed choices are A, B, C/u);
});

test('says in a sentence how to get ffmpeg where there is none', () => {
  const nowhere = { ffmpegPath: null, fontPath: null, searchPath: [], logLevel: 'warn' };
  assert.throws(() => findFfmpeg(nowhere, []), /No ffmpeg was found: set FFMPEG_PATH/u);
});
