/** The guide for receivers: its code is taken out of the text and run against signed deliveries. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test, type TestContext } from 'node:test';
import { createGuardedAgent } from '../../src/shared/guard/create-guarded-agent.ts';
import { createOpenRequests } from '../../src/shared/webhook/open-requests.ts';
import { postWebhook } from '../../src/shared/webhook/post-webhook.ts';
import { signWebhook } from '../../src/shared/webhook/sign.ts';
import { readDocument, rootPath } from './document.ts';

const secret = `whsec_${Buffer.from('the guide is run with this one').toString('base64')}`;
const newer = `whsec_${Buffer.from('and this is what replaces it').toString('base64')}`;
const body = JSON.stringify({ type: 'batch.completed', data: { batch_id: 'bat_1', metadata: { 名: 'ü' } } });

let folder: string;
let guide: string;
before(async () => {
  folder = await mkdtemp(join(rootPath('node_modules'), '.guide-'));
  guide = await readDocument('docs/webhooks.md');
});
after(() => rm(folder, { recursive: true, force: true }));

function codeOf(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  assert.ok(found !== undefined, `the guide has no ${language}`);
  return found;
}

interface Running {
  readonly url: string;
  readonly lines: string[];
}

/** Starts a receiver of the guide on a free port. */
async function start(t: TestContext, command: string, file: string, code: string): Promise<Running> {
  const path = join(folder, file);
  await writeFile(path, code);
  const child: ChildProcess = spawn(command, [path], {
    env: { PATH: process.env['PATH'], PORT: '0', WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  assert.ok(child.stdout);
  const lines: string[] = [];
  const port = await new Promise<string>((resolve, reject) => {
    child.once('error', reject).once('exit', (code) => reject(new Error(`${file} exited with ${code}`)));
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      const [word, number = ''] = line.split(' ');
      if (word === 'listening') resolve(number);
      else lines.push(line);
    });
  });
  return { url: `http://127.0.0.1:${port}/hook`, lines };
}

async function send(url: string, id: string, withSecret: string): Promise<number | null> {
  const dispatcher = createGuardedAgent({ allowPrivate: true });
  const sender = {
    dispatcher,
    open: createOpenRequests(),
    allowPrivate: true,
    timeoutMs: 5000,
    close: async () => undefined,
  };
  const posted = await postWebhook(sender, { id, url, secret: withSecret, body, at: Date.now() });
  await dispatcher.destroy();
  return posted.kind === 'attempted' ? posted.attempt.status : null;
}

async function accepts({ url, lines }: Running): Promise<void> {
  assert.equal(await send(url, 'msg_1', secret), 204);
  assert.equal(await send(url, 'msg_1', secret), 204);
  assert.equal(await send(url, 'msg_2', `${newer} ${secret}`), 204);
  assert.equal(await send(url, 'msg_3', newer), 401);
  assert.deepEqual(lines, ['batch.completed bat_1', 'batch.completed bat_1']);
  const old = String(Math.floor(Date.now() / 1000) - 600);
  const signature = signWebhook(secret, { id: 'msg_4', timestamp: new Date(Number(old) * 1000), body }) ?? '';
  const headers = { 'webhook-id': 'msg_4', 'webhook-timestamp': old, 'webhook-signature': signature };
  assert.equal((await fetch(url, { method: 'POST', headers, body })).status, 401);
}

test('the receiver in Node checks, drops repeats, and takes either secret of a rotation', async (t) => {
  await accepts(await start(t, process.execPath, 'receiver.mjs', codeOf('js')));
});

test('the receiver in Python does the same', async (t) => {
  if (spawnSync('python3', ['--version']).status !== 0) return t.skip('there is no python3 here');
  await accepts(await start(t, 'python3', 'receiver.py', codeOf('python')));
});

test('openssl in a shell finds the same signature', async (t) => {
  if (spawnSync('openssl', ['version']).status !== 0) return t.skip('there is no openssl here');
  const place = await mkdtemp(join(tmpdir(), 'bv-guide-'));
  t.after(() => rm(place, { recursive: true, force: true }));
  await writeFile(join(place, 'body'), body);
  const now = new Date();
  const run = (withSecret: string, timestamp: Date): [number | null, string] => {
    const { status, stdout } = spawnSync('sh', ['-c', codeOf('sh')], {
      env: {
        PATH: process.env['PATH'],
        WEBHOOK_SECRET: secret,
        body_file: join(place, 'body'),
        webhook_id: 'msg_1',
        webhook_timestamp: String(Math.floor(timestamp.getTime() / 1000)),
        webhook_signature: signWebhook(withSecret, { id: 'msg_1', timestamp, body }) ?? '',
      },
      encoding: 'utf8',
    });
    return [status, stdout.trim()];
  };
  assert.deepEqual(run(secret, now), [0, 'genuine']);
  assert.deepEqual(run(`${newer} ${secret}`, now), [0, 'genuine']);
  assert.deepEqual(run(newer, now), [1, 'not genuine']);
  assert.deepEqual(run(secret, new Date(now.getTime() - 600_000)), [1, 'too old']);
});
