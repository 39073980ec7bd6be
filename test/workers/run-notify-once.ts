/** A process that makes one run of a delivery, to be killed in the middle: socket, prefix, delivery id, run. */
import { runNotify } from '../../src/workers/notify.ts';
import { openWebhookContext } from '../shared/webhook/open-webhook-context.ts';

const [socketPath = '', prefix = '', delivery_id = '', run = ''] = process.argv.slice(2);
const { ctx, close } = await openWebhookContext(socketPath, { PUBLIC_URL: 'https://first.example' }, prefix);
await runNotify(ctx, { delivery_id, run: Number(run) }, new AbortController().signal);
await close();
