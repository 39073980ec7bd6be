/** The dashboard in a real browser, on the real service: clicks, what they do, and what may not happen. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, openBrowser } from '../dashboard/open-browser.ts';
import { hardNames, openStage, type Stage } from '../dashboard/open-stage.ts';
import { logIn, type Seen } from '../dashboard/log-in.ts';

const chromium = chromiumPath();
if (chromium === null)
  console.error('\n*** No Chromium: the dashboard is NOT tried in a browser. apt-get install chromium\n');

interface Made {
  readonly id: string;
}
interface BatchState {
  readonly status: string;
  readonly counts: Record<string, number>;
}

describe('the dashboard', { skip: chromium === null ? 'no Chromium here' : false }, () => {
  let browser: Browser;
  let stage: Stage;
  let mixed: Made;
  let operator: Seen;

  before(async () => {
    stage = await openStage({ timeScale: 20 });
    stage.receiver.answer = 500;
    browser = await openBrowser(chromium ?? '');
    const url = stage.world.clips.url('a.mp4');
    mixed = await stage.post<Made>('/batches', {
      name: 'mixed',
      instructions: ['mute'],
      webhook: { url: stage.receiver.url, secret: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3' },
      files: [
        ...hardNames.map((name) => ({ source: { url }, name })),
        { source: { url }, name: 'asks.mp4', custom_id: 'Order-77', instructions: ['make it dream of sheep'] },
        { source: { url }, name: 'asks-too.mp4', instructions: ['make it dream of sheep'] },
      ],
    });
    operator = await logIn(browser, stage, 'operator');
  });
  after(async () => {
    await operator?.close();
    await browser?.close();
    await stage?.close();
  });

  const batchOf = (id: string): Promise<BatchState> => stage.get<BatchState>(`/batches/${id}`);

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!(await holds())) {
      assert.ok(Date.now() < deadline, `not in time: ${what}`);
      await delay(100);
    }
  }

  const open = async (page: Page, path: string): Promise<void> => {
    await page.goto(`${stage.api}/dashboard${path}`);
    await page.waitForSelector('h1');
  };

  test('finds a batch by the custom id of a file, by keyboard alone', async () => {
    const { page } = operator;
    await open(page, '');
    await page.keyboard.press('/');
    await page.waitForSelector('input[type=search]:focus');
    await page.keyboard.type('order-7');
    await page.waitForSelector('text=found: order-77');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("asks.mp4")');
    assert.match(page.url(), new RegExp(`/batches/${mixed.id}/files/fil_`));
    assert.match(await page.textContent('main').then(String), /make it dream of sheep/);
  });

  test('shows a batch move, and end, without a reload', async () => {
    const { page } = operator;
    await open(page, `/batches/${mixed.id}`);
    await page.evaluate('globalThis.sameLoad = true');
    await page.waitForSelector('.page-head .mark[data-status=completed]', { timeout: 40_000 });
    await page.waitForSelector('.failures li');
    assert.equal(await page.evaluate('globalThis.sameLoad'), true);
  });

  test('shows names as text: no script runs, the layout holds', async () => {
    const { page, errors } = operator;
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await open(page, `/batches/${mixed.id}`);
      await page.waitForSelector('.files-table .stretch');
      const names = await page.locator('.files-table .stretch').allTextContents();
      for (const name of hardNames) assert.ok(names.includes(name), `${name} in ${names.join('\n')}`);
      const overflow = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
      assert.ok(overflow <= 0, `${overflow} px too wide at ${width}`);
    }
    assert.equal(await page.locator('main img, main script').count(), 0);
    await page.setViewportSize({ width: 1440, height: 900 });
    assert.deepEqual(errors, []);
  });

  test('filters failures, and retries them after saying what it costs', async () => {
    const { page } = operator;
    await open(page, `/batches/${mixed.id}`);
    await page.click('.failures >> text=Show them');
    await page.waitForURL(/code=edit_not_applied/);
    await until('two rows', async () => (await page.locator('.files-table .sizer .row .mark.bad').count()) === 2);
    await page.click('text=Retry these 2');
    assert.match(String(await page.textContent('dialog[open]')), /costs nothing|up to \d+ credits/);
    const ledger = stage.world.sandbox.ledger();
    const turns = ledger.sessions.flatMap((session) => session.turns).length;
    await page.click('dialog[open] >> text=Yes, do it');
    await page.waitForSelector('.news >> text=2 files are tried again');
    await until('the turns are sent again', async () => {
      const now = stage.world.sandbox.ledger().sessions.flatMap((session) => session.turns).length;
      return now >= turns + 2;
    });
  });

  test('cancels a batch, not without asking', async () => {
    const url = stage.world.clips.url('b.mp4');
    const files = Array.from({ length: 40 }, () => ({ source: { url } }));
    const { id } = await stage.post<Made>('/batches', { name: 'to be canceled', instructions: ['mute'], files });
    // Held, so that it does not end by itself before a slow machine's browser has clicked.
    await stage.post(`/batches/${id}/pause`, {});
    const { page } = operator;
    await open(page, `/batches/${id}`);
    await page.click('text=Cancel batch');
    await page.click('dialog[open] >> text=No, leave it');
    assert.notEqual((await batchOf(id)).status, 'canceled');
    await page.click('text=Cancel batch');
    await page.click('dialog[open] >> text=Yes, do it');
    await page.waitForSelector('.page-head .mark[data-status=canceled]');
    assert.equal((await batchOf(id)).status, 'canceled');
  });

  test('sends a webhook again, which then is taken', async () => {
    const { page } = operator;
    await until('an attempt', async () => {
      await open(page, '/webhooks');
      return (await page.locator('[data-delivery]').count()) > 0;
    });
    await page.click('[data-delivery] >> text=Show attempts >> nth=-1');
    await page.waitForSelector('.attempt-log >> text=HTTP 500');
    stage.receiver.answer = 200;
    await page.click('[data-delivery] >> text=Send again >> nth=-1');
    await page.click('dialog[open] >> text=Yes, do it');
    await page.waitForSelector('[data-delivery] .mark[data-status=delivered]');
  });

  test('says another thing to a finished file', async () => {
    const { page } = operator;
    const { data } = await stage.get<{ data: { id: string; status: string }[] }>(`/batches/${mixed.id}/files`);
    const file = data.find(({ status }) => status === 'completed');
    assert.ok(file);
    await open(page, `/batches/${mixed.id}/files/${file.id}`);
    await page.fill('textarea', 'trim the first 1 seconds');
    await page.click('text=Send >> nth=-1');
    await page.click('dialog[open] >> text=Yes, do it');
    await page.waitForSelector('.instruction:has-text("trim the first 1 seconds")', { timeout: 30_000 });
  });

  test('shows a viewer no buttons, and the server refuses what they would do', async () => {
    const viewer = await logIn(browser, stage, 'viewer');
    await open(viewer.page, `/batches/${mixed.id}`);
    await viewer.page.waitForSelector('.files-table');
    const texts = await viewer.page.locator('main button').allTextContents();
    assert.ok(!texts.some((text) => /retry|cancel batch|pause|resume|send/i.test(text)), texts.join());
    const status = await viewer.page.evaluate(async (id) => {
      const answer = await fetch(`/batches/${id}/retry`, { method: 'POST', headers: { 'x-dashboard': '1' } });
      return answer.status;
    }, mixed.id);
    assert.equal(status, 403);
    await viewer.close();
  });

  test('says that it is cut off, how old its figures are, and goes on by itself', async () => {
    const { page } = operator;
    await open(page, '');
    await page.waitForSelector('.connection.live');
    await page.context().setOffline(true);
    await page.waitForSelector('.lost >> text=Reconnecting… last seen');
    await page.context().setOffline(false);
    await page.waitForSelector('.connection.live', { timeout: 20_000 });
  });

  test('speaks Chinese', async () => {
    const seen = await logIn(browser, stage, 'admin', { locale: 'zh-CN' });
    await seen.page.waitForSelector('nav >> text=批次');
    assert.equal(await seen.page.evaluate('document.documentElement.lang'), 'zh-CN');
    await seen.close();
  });

  test('passes axe on every page, in both themes', async () => {
    const { data } = await stage.get<{ data: { id: string }[] }>(`/batches/${mixed.id}/files`);
    const paths = [
      '',
      '/batches',
      `/batches/${mixed.id}`,
      `/batches/${mixed.id}/files/${data[0]?.id}`,
      '/webhooks',
      '/queues',
    ];
    for (const colorScheme of ['light', 'dark'] as const) {
      const seen = await logIn(browser, stage, 'admin', { colorScheme, bypassCSP: true });
      for (const path of paths) {
        await open(seen.page, path);
        await seen.page.waitForSelector('.loading', { state: 'detached' });
        await seen.page.evaluate(axe.source);
        const violations = await seen.page.evaluate(violationsOf);
        assert.deepEqual(violations, [], `${path} in ${colorScheme}`);
      }
      await seen.close();
    }
  });

  test('asks nobody outside for anything, and throws nothing', () => {
    assert.deepEqual(operator.outside, []);
    assert.deepEqual(operator.errors, []);
  });
});

/** Runs in the page, where axe is. */
const violationsOf = `axe
  .run({ runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } })
  .then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html + ' ' + node.failureSummary)),
  )`;
