/**
 * Backup and restore with compose, by the very commands of docs/operation.md: in the middle of a batch the service is
 * stopped and copied, its volumes are lost, new ones get the copy. All of it ends, and nothing was paid twice.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { blocksOf, readDocument, rootPath } from '../docs/document.ts';
import { assertPaidOnce, until, type BatchView, type FileView, type Ledger } from '../end-to-end/world.ts';
import { openComposeByHand } from './containers/compose-by-hand.ts';
import { docker, withEngine } from './containers/engine.ts';

const count = 24;
const instructions = ['trim the first 1 seconds', 'mute'];
const headers = { authorization: 'Bearer this-machine-only', 'content-type': 'application/json' };

async function ask<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { ...init, headers });
  const text = await response.text();
  assert.ok(response.ok, `${url}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

/** As `docker compose --env-file docker/sandbox.env` has it, for commands that name no file of settings. */
async function sandboxSettings(): Promise<Record<string, string>> {
  const lines = (await readFile(rootPath('docker/sandbox.env'), 'utf8')).split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => (/^[A-Z]/.test(line) ? [line.split('=', 2) as [string, string]] : [])),
  );
}

test('goes on from a backup of the compose project in new volumes', withEngine, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bv-backup-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const text = await readDocument('docs/operation.md');
  const [[backup = ''], [restore = '']] = [blocksOf(text, 'sh backup'), blocksOf(text, 'sh restore')];
  const here = (block: string): string => block.replaceAll(/([<>]) (\w+\.tgz)/g, `$1 ${folder}/$2`);
  const compose = openComposeByHand(t, await sandboxSettings());
  compose.shell('docker compose up -d --build --wait');
  const clip = join(folder, 'clip.mp4');
  await makeClip({ path: clip, seconds: 4, width: 320, height: 180, label: 'backup' });
  const first = compose.address('api', 3000);
  const { id: uploadId } = await ask<{ id: string }>(`${first}/uploads?name=clip.mp4`, { method: 'POST', body: await readFile(clip) }); // prettier-ignore
  const files = Array.from({ length: count }, () => ({ source: { upload_id: uploadId } }));
  const { id } = await ask<BatchView>(`${first}/batches`, { method: 'POST', body: JSON.stringify({ instructions, files }) }); // prettier-ignore
  await until('some are edited, and turns are open', async () => {
    const { counts } = await ask<BatchView>(`${first}/batches/${id}`);
    const [edited, open] = [(counts['rendering'] ?? 0) + (counts['completed'] ?? 0), counts['editing'] ?? 0];
    return edited >= 2 && open >= 2 ? true : null;
  }, 90_000); // prettier-ignore

  // The last line of the backup goes on with the work, of which the copy would know nothing: the machine dies before.
  const lines = here(backup).trim().split('\n');
  assert.equal(lines.at(-1), 'docker compose up -d');
  compose.shell(lines.slice(0, -1).join('\n'));
  compose.shell('docker compose rm --force --stop --volumes api worker redis');
  docker(['volume', 'rm', `${compose.project}_redis`, `${compose.project}_data`]);

  const told = compose.shell(here(restore));
  t.diagnostic(told);
  assert.match(told, /^ok {4}redis/m);
  assert.doesNotMatch(told, /^fail/m);
  const api = compose.address('api', 3000);
  await until('all are done', async () => {
    const { counts } = await ask<BatchView>(`${api}/batches/${id}`);
    return counts['completed'] === count ? true : null;
  }, 150_000); // prettier-ignore
  const results = (await ask<{ data: FileView[] }>(`${api}/batches/${id}/files`)).data;
  assert.equal(results.length, count);
  const read = "fetch('http://127.0.0.1:4010/admin/ledger').then(async (reply) => process.stdout.write(await reply.text()))"; // prettier-ignore
  const ledger = JSON.parse(docker(['exec', compose.containers('sandbox')[0] ?? '', 'node', '-e', read])) as Ledger;
  assert.equal(ledger.sessions.length, count, 'the upstream knows them all');
  assertPaidOnce(ledger, results, instructions);

  // And a backup that nothing comes after: the same commands, to their end.
  compose.shell(here(backup));
  await until('it goes on', async () => ((await fetch(`${compose.address('api', 3000)}/readyz`)).ok ? true : null), 60_000); // prettier-ignore
});
