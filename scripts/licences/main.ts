/** `npm run licences`: writes docs/licences.md, and ends with 1 where a package has a licence that nobody has allowed. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { licencesOf, toLicencePage } from './licences-of.ts';

const root = join(import.meta.dirname, '../..');
const licences = licencesOf(await readFile(join(root, 'package-lock.json'), 'utf8'));
await writeFile(join(root, 'docs/licences.md'), toLicencePage(licences));
for (const line of licences.refused) process.stderr.write(`not allowed: ${line}\n`);
process.exitCode = licences.refused.length === 0 ? 0 : 1;
