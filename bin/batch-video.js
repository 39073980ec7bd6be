#!/usr/bin/env node
/* Starts the command, under a Node that can run it. Plain JavaScript that also an old Node can read. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const source = new URL('src/cli/main.ts', root);
const built = new URL('dist/cli/main.js', root);
const entry = existsSync(source) ? source : built;

if (Number(process.versions.node.split('.')[0]) >= 22) {
  await import(entry.href);
} else {
  // In a clone the one that the lockfile brought; installed, the one beside this package.
  const places = ['node_modules/.bin/node', '../.bin/node'].map((place) => fileURLToPath(new URL(place, root)));
  const node = places.find((place) => existsSync(place));
  if (node === undefined) {
    console.error(
      `batch-video needs Node 22 or newer; this is ${process.versions.node}. In a clone \`npm ci\` brings one.`,
    );
    process.exit(2);
  }
  const child = spawn(node, [fileURLToPath(entry), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal gives Ctrl-C to the child as well; other signals reach this process alone and are passed on.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => process.exit(code ?? 1));
}
