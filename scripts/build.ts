/**
 * Makes what is published: `dist`, with the JavaScript of the service, the command and the client, the client's types,
 * and the Lua beside the scripts that call it. The dashboard in it is vite's (scripts/setup.sh) and stays.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const dist = root('dist');
const isRead = (path: string): boolean => path.endsWith('.lua');

mkdirSync(dist, { recursive: true });
// What an earlier build left would be published with it.
for (const name of readdirSync(dist)) if (name !== 'dashboard') rmSync(join(dist, name), { recursive: true });
for (const project of ['tsconfig.build.json', 'src/client/tsconfig.json']) {
  const { status } = spawnSync(root('node_modules/.bin/tsc'), ['-p', root(project)], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
for (const path of readdirSync(root('src'), { recursive: true, encoding: 'utf8' }).filter(isRead)) {
  cpSync(root(`src/${path}`), join(dist, path));
}
