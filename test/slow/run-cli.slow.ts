/** Arguments, exit codes and sentences of the command, as far as they need no service. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { UnreachableError } from '../../src/client/unreachable-error.ts';
import { toSayTarget } from '../../src/cli/say-target.ts';
import { toComplaint } from '../../src/cli/to-complaint.ts';
import { aFile, batchId } from '../cli/resources.ts';
import { runAs } from '../cli/terminal.ts';

/** Nothing listens on the discard port. */
const nowhere = ['--url', 'http://127.0.0.1:9'];

test('exits with 2 and one clear sentence for each wrong use', async () => {
  const uses: [args: string[], sentence: RegExp][] = [
    [['run'], /missing required argument/],
    [['no-such-command'], /unknown command/],
    [['list', '--no-such-option'], /unknown option/],
    [['list', '--status', 'sleeping'], /Allowed choices/],
    [['run', 'a.mp4', '-i', 'x', '--max-sessions', '0'], /whole number/],
    [['run', 'a.mp4', '-i', 'x', '--order', 'random'], /Allowed choices/],
    [['--url', 'localhost:3000', 'list'], /http:\/\//],
    [['run', 'missing.mp4', '-i', 'mute'], /missing\.mp4 does not exist/],
    [['run', 'https://example.com/a.mp4'], /Say what to do/],
    [['run', 'https://example.com/a.mp4', '-i', 'x', '--asset', 'no-logo.png'], /no-logo\.png does not exist/],
    [['say', 'clip.mp4', 'mute'], /which file and what to do/],
  ];
  for (const [args, sentence] of uses) {
    const { exitCode, out, err } = await runAs(args);
    assert.deepEqual([exitCode, out], [2, ''], args.join(' '));
    assert.match(err, sentence);
    assert.doesNotMatch(err, /\n\s+at /);
  }
});

test('exits with 0 and prints help or version', async () => {
  assert.match((await runAs(['--help'])).out, /Exit codes/);
  assert.match((await runAs(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
  assert.equal((await runAs(['run', '--help'])).exitCode, 0);
});

test('exits with 3 and says how to start a service where none answers', async () => {
  for (const args of [['list'], ['watch', batchId], ['cancel', batchId]]) {
    const { exitCode, err } = await runAs([...nowhere, ...args]);
    assert.equal(exitCode, 3, args.join(' '));
    assert.equal(
      err,
      'No service answers at http://127.0.0.1:9. Start it with `batch-video serve`, or say where it is with --url.\n',
    );
  }
});

test('tells problems as JSON, too, when asked for JSON', async () => {
  const { err } = await runAs([...nowhere, 'list', '--json']);
  assert.equal(JSON.parse(err).code, 'unreachable');
});

test('says that a key is missing, and sends the one it is given', async (t) => {
  const keys: unknown[] = [];
  const server = createServer((request, response) => {
    keys.push(request.headers.authorization);
    response.writeHead(401).end();
  });
  t.after(() => server.close());
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { exitCode, err } = await runAs(['--url', url, '--key', 'secret', 'list']);
  assert.equal(exitCode, 2);
  assert.match(err, /--key or BATCH_VIDEO_KEY/);
  assert.deepEqual(keys, ['Bearer secret']);
});

test('finds out which file is meant by what was said', () => {
  const { id } = aFile(3);
  assert.deepEqual(toSayTarget([id, 'mute']), { batchId: null, file: id, text: 'mute' });
  assert.deepEqual(toSayTarget([batchId, 'clip.mp4', 'mute']), { batchId, file: 'clip.mp4', text: 'mute' });
  assert.throws(() => toSayTarget([id]));
  assert.throws(() => toSayTarget([id, 'mute', 'please']));
});

test('turns any error into a sentence without a stack', () => {
  const { sentences, exitCode } = toComplaint(new TypeError('x is not a function'));
  assert.deepEqual([sentences, exitCode], [['Something went wrong: x is not a function'], 1]);
  assert.equal(toComplaint(new UnreachableError('http://a', null)).exitCode, 3);
});

test('starts as a program, its address taken from the environment', () => {
  const bin = fileURLToPath(new URL('../../bin/batch-video.js', import.meta.url));
  const env = { PATH: process.env['PATH'], BATCH_VIDEO_URL: 'http://127.0.0.1:9' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'list'], { env, encoding: 'utf8' });
  assert.deepEqual([status, stdout], [3, '']);
  assert.match(stderr, /^No service answers at http:\/\/127\.0\.0\.1:9\./);
});
