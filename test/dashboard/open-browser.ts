/** Debian's Chromium, driven by playwright-core. Null where there is none: the test says so and skips. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const paths = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export const chromiumPath = (): string | null => paths.find((path) => path !== undefined && existsSync(path)) ?? null;

/** Nothing of it asks anybody outside: no updates, no sync, no QUIC. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-precise-memory-info',
];

export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags });
}
