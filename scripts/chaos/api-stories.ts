/** Requests of which an API dies, and what a caller does who was not answered. A healthy worker is there all the time. */
import assert from 'node:assert/strict';
import { until } from './arena.ts';
import { batchBody, hasEnded, post, readBatch, readFiles, send, trySend, type BatchView } from './caller.ts';
import { instructions } from './caller.ts';
import type { Scene, Story } from './scene.ts';

const key = { 'idempotency-key': 'once' };
const more = 'add the title "Once"';

async function ended(scene: Scene): Promise<string> {
  const { arena, story, point } = scene;
  const id = await post(arena, story.files ?? 2, point, story.batch?.(arena));
  await until(`${id} ends`, async () => hasEnded(await readBatch(arena, id)), 60_000, 150);
  return id;
}

async function editing({ arena, story, point }: Scene): Promise<string> {
  const id = await post(arena, story.files ?? 2, point);
  await until('a turn', async () => ((await readBatch(arena, id)).counts['editing'] ?? 0) > 0);
  return id;
}

async function held(scene: Scene): Promise<string> {
  const { arena } = scene;
  const id = await editing(scene);
  await send(`${arena.api}/batches/${id}/pause`, {});
  await until('a file is held', async () => (await arena.ctx.redis.scard(arena.ctx.keys.held(id))) > 0);
  return id;
}

const act = (action: 'cancel' | 'resume' | 'retry') => (scene: Scene, batchId: string) =>
  trySend(`${scene.address}/batches/${batchId}/${action}`, {});

/** Who was not answered asks again, where nothing was kept; what was marked goes on without him. */
const askAgain =
  (action: 'cancel' | 'resume' | 'retry') =>
  async ({ arena, point }: Scene, batchId: string, answer: Response | null): Promise<string> => {
    if (answer === null && point.endsWith('asked, not marked')) {
      assert.equal((await send(`${arena.api}/batches/${batchId}/${action}`, {})).status, 202);
    }
    return batchId;
  };

const askToTakeIn = ({ arena, address, point }: Scene): Promise<Response | null> =>
  trySend(`${address}/batches`, batchBody(arena, 2, point), key);

/** The lease of a half-taken batch runs 30 s; until then its key is in flight. */
const leaseDeadlineMs = 50_000;

async function takenInOnce({ arena, point }: Scene, _: string, answer: Response | null): Promise<string> {
  const told = answer?.status === 202 ? ((await answer.json()) as BatchView).id : null;
  const { id } = await until(
    'the repeat is taken',
    async () => {
      const repeat = await send(`${arena.api}/batches`, batchBody(arena, 2, point), key);
      if (repeat.status === 202) return (await repeat.json()) as BatchView;
      assert.equal(repeat.status, 409);
      return null;
    },
    leaseDeadlineMs,
    500,
  );
  const { data } = (await (await fetch(`${arena.api}/batches`)).json()) as { data: BatchView[] };
  assert.deepEqual(
    data.map((batch) => batch.id),
    [id],
    'one batch under one key',
  );
  assert.ok(told === null || told === id, 'the repeat has another batch than the answer');
  return id;
}

const sayMore = async (scene: Scene, batchId: string): Promise<Response | null> =>
  trySend(await messagesOf(scene.arena.api, scene.address, batchId), { text: more }, key);

async function messagesOf(api: string, address: string, batchId: string): Promise<string> {
  const [file] = await readFiles({ api }, batchId);
  return `${address}/batches/${batchId}/files/${file?.id}/messages`;
}

/** Under the same key it is never taken twice; a caller who gets 409 looks, and says it again where it was not taken. */
async function saidOnce({ arena }: Scene, batchId: string, answer: Response | null): Promise<string> {
  if (answer !== null) return batchId;
  const url = await messagesOf(arena.api, arena.api, batchId);
  const repeat = await send(url, { text: more }, key);
  if (repeat.status === 202) return batchId;
  assert.equal(repeat.status, 409);
  if ((await readBatch(arena, batchId)).round > 1) return batchId;
  assert.equal((await send(url, { text: more })).status, 202);
  return batchId;
}

async function bringClip(address: string, clipUrl: string): Promise<Response | null> {
  const clip = await (await fetch(clipUrl)).bytes();
  return fetch(`${address}/uploads?name=clip.mp4`, { method: 'POST', body: clip }).catch(() => null);
}

async function useClip({ arena, point }: Scene, _: string, answer: Response | null): Promise<string> {
  const taken = answer ?? (await bringClip(arena.api, arena.clipUrl('0.mp4')));
  assert.equal(taken?.status, 201);
  const { id } = (await taken.json()) as { id: string };
  return post(arena, 1, point, { files: [{ source: { upload_id: id } }] });
}

async function askForAnother({ arena, address }: Scene): Promise<Response | null> {
  const { data } = (await (await fetch(`${arena.api}/webhook-deliveries`)).json()) as { data: { id: string }[] };
  return trySend(`${address}/webhook-deliveries/${data[0]?.id}/redeliver`, {});
}

async function heardTwice({ arena }: Scene, batchId: string): Promise<string> {
  const mine = () => arena.received.filter(({ body }) => body?.data.batch_id === batchId);
  await until('the webhook comes again', async () => mine().length > 1, 10_000);
  return batchId;
}

const withMore = (index: number): readonly string[] => (index === 0 ? [...instructions, more] : instructions);

export const apiStories = {
  intake: { victim: 'api', begin: async () => null, ask: askToTakeIn, after: takenInOnce },
  cancel: {
    victim: 'api',
    files: 6,
    begin: editing,
    ask: act('cancel'),
    after: askAgain('cancel'),
    expect: { status: 'canceled', told: ['batch.canceled'] },
  },
  retry: {
    victim: 'api',
    answers: { '/put': [403] },
    begin: ended,
    ask: act('retry'),
    after: askAgain('retry'),
    expect: { round: 2 },
  },
  resume: { victim: 'api', files: 3, begin: held, ask: act('resume'), after: askAgain('resume') },
  message: {
    victim: 'api',
    files: 1,
    begin: ended,
    ask: sayMore,
    after: saidOnce,
    expect: { round: 2, applied: withMore, mostRenders: 2 },
  },
  upload: {
    victim: 'api',
    files: 1,
    begin: async () => null,
    ask: ({ arena, address }) => bringClip(address, arena.clipUrl('0.mp4')),
    after: useClip,
  },
  redeliver: { victim: 'api', begin: ended, ask: askForAnother, after: heardTwice },
} satisfies Record<string, Story>;
