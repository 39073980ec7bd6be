/** What the security pages say is there: tests by name, workflows, licences. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { exceptions, licencesOf, toLicencePage } from '../../scripts/licences/licences-of.ts';
import { readDocument, rootPath, tableUnder } from './document.ts';

const namedTests = (text: string): [path: string, title: string][] =>
  [...text.matchAll(/`(test\/[\w./-]+\.ts)` “([^”]+)”/g)].map(([, path = '', title = '']) => [path, title]);

test('names only tests that are there, by file and title', async () => {
  const named = namedTests(await readDocument('docs/security.md'));
  assert.ok(named.length > 50, `${named.length} named`);
  for (const [path, title] of named) {
    const source = await readFile(rootPath(path), 'utf8');
    // As the beginning of a call's first argument, or within it: never in a comment alone.
    const call = new RegExp(`(?:test|it|describe)\\(\\s*(['"\`])(?:(?!\\1)[^\\n])*${RegExp.escape(title)}`);
    assert.match(source, call, `${path} has no test “${title}”`);
  }
});

test('shows each threat and each of the ten points by a test', async () => {
  const text = await readDocument('docs/security.md');
  const rows = tableUnder(text, '## Threats');
  assert.ok(rows.length > 15);
  for (const [threat, holds, shown = ''] of rows) {
    assert.ok(holds !== '' && namedTests(shown).length > 0, threat);
  }
  const points = text.split(/^### (?=API\d+:2023 )/m).slice(1);
  assert.deepEqual(points.map((point) => Number(/^API(\d+)/.exec(point)?.[1])), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]); // prettier-ignore
  for (const point of points) assert.ok(namedTests(point).length >= 2, point.slice(0, 40));
});

const workflowSchema = z.object({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.enum(['read', 'write'])),
  jobs: z.record(
    z.string(),
    z.object({
      'runs-on': z.string(),
      'timeout-minutes': z.number(),
      needs: z.string().optional(),
      permissions: z.record(z.string(), z.string()).optional(),
      strategy: z
        .object({ matrix: z.record(z.string(), z.array(z.string())) })
        .loose()
        .optional(),
      steps: z
        .array(
          z.union([
            z.strictObject({ uses: z.string().regex(/^[\w-]+\/[\w-]+@v\d+$/), with: z.record(z.string(), z.unknown()).optional() }), // prettier-ignore
            z.strictObject({ run: z.string(), if: z.string().optional(), env: z.record(z.string(), z.string()).optional(), 'working-directory': z.string().optional() }), // prettier-ignore
          ]),
        )
        .min(1),
    }),
  ),
});
const readWorkflow = async (name: string) =>
  workflowSchema.parse(parse(await readDocument(`.github/workflows/${name}.yml`)));

async function runsOf(name: string): Promise<Record<string, string[]>> {
  const { jobs } = await readWorkflow(name);
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readDocument('package.json')));
  const runs = Object.entries(jobs).map(([job, { steps, strategy }]) => {
    const commands = steps.flatMap((step) => ('run' in step ? [step.run] : []));
    const spread = commands.flatMap((command) =>
      command.includes('${{ matrix.command }}')
        ? (strategy?.matrix['command'] ?? []).map((each) => command.replace('${{ matrix.command }}', each))
        : [command],
    );
    return [job, spread] as const;
  });
  for (const command of runs.flatMap(([, commands]) => commands)) {
    const [, script] = /^npm run (\S+)/.exec(command) ?? [];
    if (script !== undefined) assert.ok(script in scripts, command);
  }
  return Object.fromEntries(runs);
}

test('runs in CI what runs here, on a clean machine, and may write nothing', async () => {
  const workflow = await readWorkflow('ci');
  assert.deepEqual(workflow.permissions, { contents: 'read' });
  const { test: commands = [] } = await runsOf('ci');
  const wanted = ['npm ci', 'npm run check', 'npm run test', 'npm run test:slow'];
  assert.deepEqual(commands.filter((command) => command.startsWith('npm ')), wanted); // prettier-ignore
});

test('checks, audits and lists before it publishes', async () => {
  const { jobs, permissions } = await readWorkflow('release');
  assert.deepEqual(permissions, { contents: 'read' });
  assert.equal(jobs['publish']?.needs, 'verify');
  const { verify = [], publish = [] } = await runsOf('release');
  for (const command of [
    'npm ci',
    'npm run check',
    'npm test',
    'npm run test:slow',
    'npm audit --audit-level=low',
    'npm run licences',
  ]) {
    assert.ok(verify.includes(command), command);
  }
  for (const part of ['npm run sbom', 'npm pack', 'docker build --no-cache --target service']) {
    assert.ok(publish.some((command) => command.includes(part)), part); // prettier-ignore
  }
});

test('has updates of packages, actions and images proposed', async () => {
  const { version, updates } = z
    .object({
      version: z.literal(2),
      updates: z.array(z.object({ 'package-ecosystem': z.string(), directory: z.literal('/'), schedule: z.object({ interval: z.literal('weekly') }) })), // prettier-ignore
    })
    .parse(parse(await readDocument('.github/dependabot.yml')));
  assert.equal(version, 2);
  assert.deepEqual(updates.map((update) => update['package-ecosystem']), ['npm', 'github-actions', 'docker', 'docker-compose']); // prettier-ignore
});

test('lists the licences of all packages, none of which is one that nobody has allowed', async () => {
  const licences = licencesOf(await readDocument('package-lock.json'));
  assert.deepEqual(licences.refused, []);
  assert.equal(await readDocument('docs/licences.md'), toLicencePage(licences), 'run `npm run licences`');
  for (const name of Object.keys(exceptions)) assert.ok(licences.packages.some((each) => each.name === name), name); // prettier-ignore
});

test('refuses a licence that is not allowed where the package is used', () => {
  const lock = (entry: object): string => JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0', ...entry } } }); // prettier-ignore
  assert.deepEqual(licencesOf(lock({ license: 'MIT' })).refused, []);
  assert.deepEqual(licencesOf(lock({ license: 'MPL-2.0', dev: true })).refused, []);
  assert.deepEqual(licencesOf(lock({ license: 'MPL-2.0' })).refused, ['a@1.0.0: MPL-2.0']);
  assert.deepEqual(licencesOf(lock({})).refused, ['a@1.0.0: none named']);
});

test('says how to report a hole, and which versions are mended', async () => {
  const text = await readDocument('SECURITY.md');
  assert.match(text, /^## Reporting$/m);
  assert.ok(tableUnder(text, '## Supported versions').length > 1);
});
