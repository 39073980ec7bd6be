/** The code of docs/client.md as one module, in the order of the text, and what it must print. */
import assert from 'node:assert/strict';
import { signWebhook } from '../../src/shared/webhook/sign.ts';
import { readDocument } from '../docs/document.ts';

export const guideKey = 'key-of-the-guide';
const secret = `whsec_${Buffer.from('the guide is run with this one').toString('base64')}`;
export const guideEnvironment = { BATCH_VIDEO_KEY: guideKey, WEBHOOK_SECRET: secret };

/** `address` in place of the text's own; `client` in place of the package's name, where it is not installed. */
export async function guideModule(address: string, client = 'batch-video/client'): Promise<string> {
  const text = await readDocument('docs/client.md');
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  assert.equal(blocks.length, 7);
  return [...blocks, deliveries()]
    .join('\n')
    .replaceAll('http://127.0.0.1:3000', address)
    .replaceAll("'batch-video/client'", `'${client}'`);
}

/** The receiver of the guide gets one delivery that is genuine and one that is not. */
function deliveries(): string {
  const counts = { total: 1, completed: 1 };
  const data = { batch_id: 'bat_1', status: 'completed', counts, metadata: {}, results_url: '/x', sequence: 1 };
  const now = new Date();
  const body = JSON.stringify({ type: 'batch.completed', timestamp: now.toISOString(), data });
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': signWebhook(secret, { id: 'msg_1', timestamp: now, body }) ?? '',
  };
  const call = (sent: string): string =>
    `console.log((await receive(new Request('http://a', ${JSON.stringify({ method: 'POST', headers, body: sent })}))).status);`;
  return `${call(body)}\n${call(body.replace('"total":1', '"total":2'))}\n`;
}

export function checkPrinted(out: string): void {
  const lines = out.trim().split('\n');
  assert.deepEqual(lines, [
    'completed 1',
    lines[1],
    '1',
    '1 null',
    '422 #/files/0/source/upload_id unknown_upload',
    'completed',
    'msg_1 bat_1',
    '204',
    '401',
  ]);
  assert.match(lines[1] ?? '', /^bat_\w+ completed$/);
}
