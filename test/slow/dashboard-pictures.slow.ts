/**
 * Every page of the dashboard in both themes, on a desk and on a phone, over batches that are really edited. The pictures go to
 * `output/dashboard`, or to `docs/dashboard` with PICTURES=docs, for people to look at; here it is checked that each page is whole.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { chromiumPath, openBrowser } from '../dashboard/open-browser.ts';
import { logIn } from '../dashboard/log-in.ts';
import { hardNames, openStage, type Stage } from '../dashboard/open-stage.ts';
import { rootPath } from '../docs/document.ts';
import { until } from '../end-to-end/world.ts';

const chromium = chromiumPath();
const folder = rootPath(env['PICTURES'] === 'docs' ? 'docs/dashboard' : 'output/dashboard');

interface Batch {
  readonly id: string;
  readonly status: string;
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number };
}

/** Batches as an operator finds them: one done, one with failures, one paused, one under way, names that are hard to show. */
async function fill(stage: Stage): Promise<{ readonly done: string; readonly failed: string }> {
  const source = { upload_id: await stage.upload('operator') };
  const named = (name: string, more: object = {}) => ({ source, name, ...more });
  const webhook = { url: stage.receiver.url, secret: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3' };
  const post = (body: object): Promise<Batch> => stage.post<Batch>('/batches', body);
  const done = await post({
    name: 'Spring campaign',
    webhook,
    metadata: { order: 4711, market: 'SE' },
    instructions: ['trim the first 1 second', 'add the title "Spring"'],
    files: ['teaser.mp4', 'interview.mp4', 'product tour.mp4'].map((name, at) =>
      named(name, { custom_id: `sku-${at + 1}` }),
    ),
  });
  const failed = await post({
    name: 'Product clips, week 47',
    webhook,
    instructions: ['mute'],
    files: [
      ...hardNames.map((name) => named(name)),
      ...Array.from({ length: 8 }, (_, at) => named(`clip-${at + 1}.mp4`)),
      ...Array.from({ length: 5 }, (_, at) =>
        named(`dream-${at + 1}.mp4`, { instructions: ['make it dream of sheep'] }),
      ),
    ],
  });
  for (const [{ id }, failures] of [
    [done, 0],
    [failed, 5],
  ] as const) {
    const ended = await until(
      `${id} ends`,
      async () => {
        const { counts } = await stage.get<Batch>(`/batches/${id}`);
        return counts.completed + counts.failed === counts.total ? counts : null;
      },
      120_000,
    );
    assert.equal(ended.failed, failures, id);
  }
  const paused = await post({
    name: 'Archive, 2019',
    instructions: ['mute'],
    files: Array.from({ length: 40 }, (_, at) => named(`tape-${at}.mp4`)),
  });
  await stage.post(`/batches/${paused.id}/pause`, {});
  await post({
    name: '夏季促销 – Sommer',
    instructions: ['mute'],
    files: Array.from({ length: 120 }, (_, at) => named(`片段-${at}.mp4`)),
  });
  return { done: done.id, failed: failed.id };
}

const overflow = `document.documentElement.scrollWidth - document.documentElement.clientWidth`;

async function take(page: Page, name: string): Promise<void> {
  const beyond = await page.evaluate(overflow);
  const picture = await page.screenshot({ path: join(folder, `${name}.png`) });
  assert.equal(beyond, 0, `${name} is wider than its window`);
  assert.ok(picture.length > 5000, `${name} is empty`);
}

test(
  'every page is whole, light and dark, wide and narrow',
  { skip: chromium === null ? 'no Chromium here' : false, timeout: 300_000 },
  async (t) => {
    await mkdir(folder, { recursive: true });
    const stage = await openStage({ timeScale: 4, copy: false });
    t.after(() => stage.close());
    const { done, failed } = await fill(stage);
    const browser = await openBrowser(chromium ?? '');
    t.after(() => browser.close());
    const { data } = await stage.get<{ data: { id: string }[] }>(`/batches/${done}/files`);
    const pages = [
      ['overview', ''],
      ['batches', '/batches'],
      ['batch', `/batches/${failed}`],
      ['file', `/batches/${done}/files/${data[0]?.id}`],
      ['webhooks', '/webhooks'],
      ['queues', '/queues'],
    ] as const;
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [width, height] of [
        [1440, 900],
        [390, 844],
      ] as const) {
        const look = `${colorScheme}-${width}`;
        const context = { colorScheme, viewport: { width, height } };
        const outside = await browser.newPage(context);
        await outside.goto(`${stage.api}/dashboard`);
        await outside.waitForSelector('input[name=key]');
        await take(outside, `login-${look}`);
        await outside.close();
        const seen = await logIn(browser, stage, 'admin', context);
        for (const [name, path] of pages) {
          await seen.page.goto(`${stage.api}/dashboard${path}`);
          await seen.page.waitForSelector('h1');
          await seen.page.waitForSelector('.loading', { state: 'detached' });
          await take(seen.page, `${name}-${look}`);
        }
        assert.deepEqual([seen.errors, seen.outside], [[], []], look);
        await seen.close();
      }
    }
  },
);
