/** Every block of the documents is run by a test, or stands here with the reason why it is not. A new one fails until it does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { access } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { marked, type Token } from 'marked';
import { parse } from 'yaml';
import { z } from 'zod';
import { readKeysText } from '../../src/shared/config/api-keys-file.ts';
import { webhookBodySchema } from '../../src/shared/webhook/webhook-body.ts';
import { blocksOf, documents, readDocument, rootPath, tableUnder } from './document.ts';

const guides = 'test/slow/guides.slow.ts';
const here = 'test/docs/commands.test.ts';
const receiver = 'test/docs/webhooks-guide.test.ts';

/** Document, what its blocks are in, how many there are, and the test that takes them out of the text. */
const run: readonly (readonly [document: string, language: string, blocks: number, by: string])[] = [
  ['README.md', 'indented', 1, 'test/slow/readme.slow.ts'],
  ['README.md', 'sh start', 2, 'test/slow/readme.slow.ts'],
  ['README.md', 'sh', 5, 'test/slow/readme.slow.ts'],
  ['README.md', 'sh command-line', 1, 'test/slow/readme.slow.ts'],
  ['README.md', 'ts', 1, 'test/slow/readme.slow.ts'],
  ['README.md', 'js', 1, 'test/slow/readme.slow.ts'],
  ['ARCHITECTURE.md', 'indented', 1, here],
  ['ARCHITECTURE.md', 'mermaid', 1, 'test/docs/tables.test.ts'],
  ['src/sandbox/README.md', 'sh', 1, 'test/slow/readme.slow.ts'],
  ['src/sandbox/README.md', 'ts', 1, 'test/slow/readme.slow.ts'],
  ['docs/batches.md', 'sh', 5, guides],
  ['docs/client.md', 'ts', 7, 'test/slow/client-guide.ts'],
  ['docs/containers.md', 'sh', 3, 'test/slow/containers-guide.slow.ts'],
  ['docs/credits.md', 'sh', 2, guides],
  ['docs/errors.md', 'sh', 1, guides],
  ['docs/events.md', 'sh', 2, guides],
  ['docs/operation.md', 'yaml', 1, here],
  ['docs/operation.md', 'sh autoscale', 1, 'test/slow/prometheus.slow.ts'],
  ['docs/operation.md', 'sh backup', 1, 'test/slow/backup-compose.slow.ts'],
  ['docs/operation.md', 'sh own-backup', 1, 'test/slow/backup.slow.ts'],
  ['docs/operation.md', 'sh restore', 1, 'test/slow/backup-compose.slow.ts'],
  ['docs/operation.md', 'sh own-restore', 1, 'test/slow/backup.slow.ts'],
  ['docs/quick-start.md', 'sh start', 2, guides],
  ['docs/quick-start.md', 'sh', 5, guides],
  ['docs/redis.md', 'acl', 1, 'test/slow/containers/redis-places.ts'],
  ['docs/runbook.md', 'sh', 1, 'test/slow/containers-guide.slow.ts'],
  ['docs/sandbox.md', 'sh', 5, guides],
  ['docs/security.md', 'sh', 1, here],
  ['docs/security.md', 'text', 1, here],
  ['docs/webhooks.md', 'json', 1, here],
  ['docs/webhooks.md', 'js', 1, receiver],
  ['docs/webhooks.md', 'python', 1, receiver],
  ['docs/webhooks.md', 'sh', 1, receiver],
];

const notRun: readonly (readonly [document: string, language: string, blocks: number, reason: string])[] = [
  [
    'CONTRIBUTING.md',
    'indented',
    1,
    'check and test: a test that ran them would run itself; CI does (security.test.ts)',
  ],
  ['bench/README.md', 'sh', 1, 'minutes to hours of load on an idle machine; their scripts and options are held below'],
];

interface Block {
  readonly language: string;
  readonly text: string;
}
function blocksIn(tokens: readonly Token[]): Block[] {
  return tokens.flatMap((token) => {
    if (token.type === 'code') {
      const language = token['codeBlockStyle'] === 'indented' ? 'indented' : String(token['lang'] ?? '');
      return [{ language, text: String(token['text']) }];
    }
    const inside: unknown = 'tokens' in token ? token.tokens : 'items' in token ? token['items'] : undefined;
    return Array.isArray(inside) ? blocksIn(inside as Token[]) : [];
  });
}

/** `document language blocks`, a line each. */
async function listed(): Promise<string[]> {
  const lines: string[] = [];
  for (const document of documents) {
    const blocks = blocksIn(marked.lexer(await readDocument(document)));
    const counts = Map.groupBy(blocks, ({ language }) => language);
    for (const [language, some] of counts) lines.push(`${document} ${language}: ${some.length}`);
  }
  return lines.toSorted();
}

test('has a test, or a reason, for every block of every document', async () => {
  const known = [...run, ...notRun].map(([document, language, blocks]) => `${document} ${language}: ${blocks}`);
  assert.deepEqual(await listed(), known.toSorted());
});

test('names only tests that are there and read that document', async () => {
  for (const [document, , , by] of run) {
    await assert.doesNotReject(access(rootPath(by)), by);
    const name = basename(document, '.md');
    assert.match(await readDocument(by), new RegExp(`'(?:[\\w/]*/)?${name}(?:\\.md)?'`), `${by} reads ${document}`);
  }
});

test('sees a block wherever it stands', () => {
  const text = 'a\n\n    indented\n\n- item\n\n  ```sh more\n  ls\n  ```\n\n> ```\n> quoted\n> ```\n';
  assert.deepEqual(
    blocksIn(marked.lexer(text)).map(({ language }) => language),
    ['indented', 'sh more', ''],
  );
});

test('knows each command of the benchmarks, and its options', async () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readDocument('package.json')));
  const [block = ''] = blocksOf(await readDocument('bench/README.md'), 'sh');
  const lines = block.trim().split('\n');
  assert.ok(lines.length > 5);
  for (const line of lines) {
    const [command = ''] = line.split(/ +#/);
    const [, script = '', rest = ''] = /^npm run ([\w:]+)(?: -- (.+))?$/.exec(command) ?? [];
    const entry = /node (bench\/\S+)/.exec(scripts[script] ?? '')?.[1];
    assert.ok(entry !== undefined, command);
    const source = await readDocument(entry);
    for (const [, option = ''] of rest.matchAll(/--([\w-]+)/g))
      assert.match(source, new RegExp(`\\b'?${option}'?: \\{ type: `), command);
  }
});

const scaledObject = z.object({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  spec: z.object({
    scaleTargetRef: z.object({ name: z.string() }),
    minReplicaCount: z.number(),
    maxReplicaCount: z.number(),
    triggers: z.tuple([
      z.object({
        type: z.literal('prometheus'),
        metadata: z.strictObject({ serverAddress: z.url(), query: z.string(), threshold: z.string().regex(/^\d+$/) }),
      }),
    ]),
  }),
});

test('scales on Kubernetes as with compose: by one figure, one threshold, one bound', async () => {
  const text = await readDocument('docs/operation.md');
  const { spec } = scaledObject.parse(parse(blocksOf(text, 'yaml')[0] ?? ''));
  const [{ metadata }] = spec.triggers;
  const [compose = ''] = blocksOf(text, 'sh autoscale');
  assert.ok(compose.includes(`query=${metadata.query}'`), metadata.query);
  assert.ok(compose.includes(`/ ${metadata.threshold} `), metadata.threshold);
  assert.ok(compose.includes(`workers > ${spec.maxReplicaCount} ? ${spec.maxReplicaCount} :`));
  assert.equal(spec.minReplicaCount, 1);
  const [, figure = ''] = /^max\((\w+)\)$/.exec(metadata.query) ?? [];
  const figures = tableUnder(text.replace('| of the fleet', '\n## Fleet\n| of the fleet'), '## Fleet');
  assert.ok(figures.some(([name]) => name === `\`${figure}\``), figure); // prettier-ignore
});

test('makes a key and its hash, which the service reads', async () => {
  const text = await readDocument('docs/security.md');
  const [make = ''] = blocksOf(text, 'sh');
  const { status, stdout } = spawnSync('sh', ['-ec', `${make}\necho "$KEY"`], { encoding: 'utf8' });
  assert.equal(status, 0);
  const [hash = '', key = ''] = stdout.split('\n').map((line) => line.split(' ')[0]);
  assert.match(`${hash} ${key}`, /^[0-9a-f]{64} [0-9a-f]{64}$/);
  const [file = ''] = blocksOf(text, 'text');
  const before = readKeysText(file);
  assert.deepEqual(
    [before.problems, before.keys.map(({ name }) => name)],
    [[], ['shop-2026-11', 'shop-2026-08', 'ops']],
  );
  const after = readKeysText(`${file}new shop operator ${hash}\n`);
  assert.deepEqual([after.problems, after.keys.length], [[], 4]);
});

test('shows a webhook as it is sent', async () => {
  const [body = ''] = blocksOf(await readDocument('docs/webhooks.md'), 'json');
  assert.doesNotThrow(() => webhookBodySchema.parse(JSON.parse(body)));
});

test('draws the tree of sources that is there', async () => {
  const [tree] = blocksIn(marked.lexer(await readDocument('ARCHITECTURE.md')));
  const paths = tree?.text.split('\n').map((line) => line.split(' ')[0] ?? '') ?? [];
  assert.ok(paths.length > 10);
  for (const path of paths) await assert.doesNotReject(access(join(rootPath('.'), path)), path);
});
