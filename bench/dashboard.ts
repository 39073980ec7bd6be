/**
 * The dashboard in a real Chromium over 100,000 files: first useful paint (beside Bull Board's in the same run), frames
 * while scrolling and under 4,000 changes a second, memory of the tab after minutes of 500 changes a second.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, openBrowser } from '../test/dashboard/open-browser.ts';
import { openCrowd, type Crowd } from './dashboard/open-crowd.ts';

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Null: shown for comparison. */
  readonly most: number | null;
  /** What must be reached, where the figure is of no worth below it. */
  readonly least?: number;
}

const filesToShow = 100_000;

export async function run(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { minutes: { type: 'string', default: '10' } } });
  const path = chromiumPath();
  if (path === null) throw new Error('no Chromium: apt-get install chromium');
  console.log(`Storing ${filesToShow.toLocaleString('en')} files…`);
  const crowd = await openCrowd(filesToShow);
  const browser = await openBrowser(path);
  try {
    const figures = await measure(browser, crowd, Number(values.minutes));
    for (const figure of figures) {
      const { what, value, unit } = figure;
      console.log(`${what.padEnd(58)} ${String(value).padStart(7)} ${unit}${verdictOf(figure)}`);
    }
    return figures.every(isMet);
  } finally {
    await browser.close();
    await crowd.close();
  }
}

const isMet = ({ value, most, least = 0 }: Figure): boolean => value >= least && value <= (most ?? Infinity);

function verdictOf(figure: Figure): string {
  const bounds = [
    figure.least === undefined ? '' : `at least ${figure.least}`,
    figure.most === null ? '' : `at most ${figure.most}`,
  ];
  const goal = bounds.filter((bound) => bound !== '').join(', ');
  return goal === '' ? '' : `  ${isMet(figure) ? 'ok' : 'MISSED'} (${goal})`;
}

async function measure(browser: Browser, crowd: Crowd, minutes: number): Promise<Figure[]> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const batch = `/dashboard/batches/${crowd.batchIds[0]}`;
  const figures: Figure[] = [];
  const add = (what: string, value: number, unit: string, most: number | null, least?: number): void => {
    figures.push({ what, value: Math.round(value * 10) / 10, unit, most, ...(least === undefined ? {} : { least }) });
    console.error(`  ${what}: ${Math.round(value * 10) / 10} ${unit}`);
  };
  const paint = (where: string, what: string): Promise<number> => medianPaint(page, crowd.api + where, what);
  add('first useful paint, overview', await paint('/dashboard', '.tile-value'), 'ms', 1000);
  add('first useful paint, batches', await paint('/dashboard/batches', '.batches-table .stretch'), 'ms', 1000);
  add('first useful paint, a batch of 50,000', await paint(batch, '.files-table .stretch'), 'ms', 1000);
  add('Bull Board, for comparison', await paint('/dashboard/queues/bull', '#root nav, #root main'), 'ms', null);
  await page.goto(crowd.api + batch);
  await page.waitForSelector('.files-table .stretch');
  add('slowest frame while scrolling for 10 s', await slowestFrame(page, () => scroll(page, 10_000)), 'ms', 50);
  // Half of the changes are of the first rows: on screen.
  await page.evaluate("document.querySelector('.scroller').scrollTop = 0");
  add('slowest frame at 4,000 changes a second', await slowestFrame(page, () => crowd.change(4000, 20_000)), 'ms', 50);
  // A page that shows none of it would have calm frames and no memory.
  add(
    'rows repainted a second at 500 changes a second',
    await repaints(page, () => crowd.change(500, 10_000)),
    '',
    null,
    1,
  );
  const before = await memory(page, browser);
  add('heap before', before.heapMb, 'MB', null);
  await crowd.change(500, minutes * 60_000);
  const after = await memory(page, browser);
  add(`heap after ${minutes} min of 500 changes a second`, after.heapMb, 'MB', 150);
  add('private memory of the tab’s process', after.privateMb, 'MB', 150);
  return figures;
}

/** From the navigation to the frame that shows it; five times, as the first one fills caches. */
async function medianPaint(page: Page, url: string, selector: string): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 5; at += 1) {
    await page.goto('about:blank');
    await page.goto(url, { waitUntil: 'commit' });
    await page.waitForSelector(selector);
    times.push(Number(await page.evaluate('new Promise((r) => requestAnimationFrame(() => r(performance.now())))')));
  }
  return times.toSorted((one, other) => one - other)[2] ?? NaN;
}

/** The longest time between two frames, by the page's own clock. */
async function slowestFrame(page: Page, work: () => Promise<void>): Promise<number> {
  await page.evaluate(`{
    globalThis.slowest = 0; globalThis.watching = true; let last = performance.now();
    const look = (now) => { slowest = Math.max(slowest, now - last); last = now; if (watching) requestAnimationFrame(look); };
    requestAnimationFrame(look);
  }`);
  await delay(300);
  await page.evaluate('globalThis.slowest = 0');
  await work();
  return Number(await page.evaluate('globalThis.watching = false, globalThis.slowest'));
}

/** How often anything in a row of the table on screen changed, a second. */
async function repaints(page: Page, work: () => Promise<void>): Promise<number> {
  await page.evaluate(`{
    globalThis.repainted = 0;
    const rows = document.querySelector('.files-table');
    new MutationObserver((all) => { repainted += all.length; }).observe(rows, { subtree: true, childList: true, characterData: true, attributes: true });
  }`);
  const startedAt = performance.now();
  await work();
  return Number(await page.evaluate('globalThis.repainted')) / ((performance.now() - startedAt) / 1000);
}

async function scroll(page: Page, ms: number): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const scroller = document.querySelector('.scroller');
    const until = performance.now() + ${ms};
    const step = () => { scroller.scrollTop += 160; if (performance.now() < until) requestAnimationFrame(step); else resolve(); };
    step();
  })`);
}

/** The heap after a collection, and what the tab's process holds alone. */
async function memory(page: Page, browser: Browser): Promise<{ heapMb: number; privateMb: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN;
  const root = await browser.newBrowserCDPSession();
  const { processInfo } = await root.send('SystemInfo.getProcessInfo');
  const tabs = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => privateMb(id));
  return { heapMb: heap / 1e6, privateMb: Math.max(...tabs) };
}

function privateMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kb = [...text.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
  return kb / 1000;
}
