/** Opens the dashboard in a page of its own and logs in, noting whatever must not happen: outside requests, errors. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { keys, type Role, type Stage } from './open-stage.ts';

export interface Seen {
  readonly page: Page;
  /** Requests that left the service. */
  readonly outside: string[];
  readonly errors: string[];
  readonly close: () => Promise<void>;
}

export async function logIn(
  browser: Browser,
  stage: Pick<Stage, 'api'>,
  role: Role,
  options: BrowserContextOptions = {},
): Promise<Seen> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  const outside: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${stage.api}/`) && !url.startsWith('data:')) outside.push(url);
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('dialog', (dialog) => {
    errors.push(`a script of a name ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    // What a server refuses is told on the page; the browser notes it as well.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) errors.push(message.text());
  });
  await page.goto(`${stage.api}/dashboard`);
  await page.fill('input[name=key]', keys[role]);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.tiles');
  return { page, outside, errors, close: () => context.close() };
}
