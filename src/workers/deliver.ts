/** The step `deliver`: streams the output to the caller's presigned URL. Nothing is kept on the way; a repeat is safe (PUT). */
import { request } from 'undici';
import { checkUrl } from '../shared/guard/check-url.ts';
import { GuardError } from '../shared/guard/guard-error.ts';
import { openContent } from '../shared/open-content.ts';
import type { FileRecord } from '../shared/domain/file.ts';
import { dropBody } from '../shared/upstream/open-output.ts';
import { DestinationError } from './destination-error.ts';
import type { Run } from './run.ts';

/** 500 MB at 0.5 MB/s. */
const deliverTimeoutMs = 20 * 60_000;

export async function runDeliver(run: Run): Promise<void> {
  const file = run.file();
  if (file.state.status !== 'delivering' || file.input.destination === null) return;
  const { putUrl } = file.input.destination;
  const checked = checkUrl(putUrl, { allowPrivate: run.ctx.config.sourceAllowPrivate });
  if (!checked.ok) return refuse(run, checked.detail);
  const status = await put(run, file, checked.url);
  if (status >= 200 && status < 300) {
    await run.finish({ type: 'delivered', run: run.number });
    return;
  }
  if (status >= 500 || status === 408 || status === 429)
    throw new DestinationError(`The destination answered HTTP ${status}.`);
  const hint = status === 403 || status === 401 ? ' The signed URL has probably expired: retry with a fresh one.' : '';
  await refuse(run, `The destination answered HTTP ${status}.${hint}`);
}

async function refuse(run: Run, detail: string): Promise<void> {
  await run.finish({ type: 'delivery-refused', run: run.number, detail });
}

async function put(run: Run, file: FileRecord, url: string | URL): Promise<number> {
  if (file.state.status !== 'delivering') return 0;
  const content = await openContent(run.ctx, file.state.output, {}, run.signals.abort);
  const length = content.headers['content-length'];
  run.ctx.reach('deliver: opened, not put');
  try {
    const reply = await request(url, {
      method: 'PUT',
      dispatcher: run.ctx.deliveryDispatcher,
      headers: { 'content-type': 'video/mp4', ...(typeof length === 'string' ? { 'content-length': length } : {}) },
      body: content.body,
      signal: AbortSignal.any([run.signals.abort, AbortSignal.timeout(deliverTimeoutMs)]),
    });
    await reply.body.dump();
    run.ctx.reach('deliver: put, not saved');
    return reply.statusCode;
  } catch (error) {
    if (error instanceof GuardError) throw new DestinationError('The destination is a private host.', { cause: error });
    throw new DestinationError('The connection to the destination failed.', { cause: error });
  } finally {
    dropBody(content);
  }
}
