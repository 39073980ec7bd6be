/** What is shipped for operation fits the code: figures that alarms and panels read, pages of the runbook, images, the compose file. */
import assert from 'node:assert/strict';
import { glob } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { addFleetFigures } from '../../src/shared/fleet-figures.ts';
import { settings } from '../../src/shared/config/config.ts';
import { openTestContext, type TestContext } from '../open-test-context.ts';
import { openTestRedis, type TestRedis } from '../redis-server.ts';
import { anchorsOf, readDocument, rootPath } from './document.ts';

let redis: TestRedis;
let opened: TestContext;
before(async () => {
  redis = await openTestRedis();
  opened = await openTestContext(redis.socketPath);
});
after(async () => {
  await opened.close();
  await redis.close();
});

interface Alarms {
  readonly groups: readonly {
    readonly rules: readonly { alert: string; expr: string; annotations: Record<string, string> }[];
  }[];
}
interface Service {
  readonly image?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly privileged?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}
interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
}

const readAlarms = async (): Promise<Alarms['groups'][number]['rules']> =>
  (parse(await readDocument('ops/prometheus/alerts.yml')) as Alarms).groups.flatMap(({ rules }) => rules);
const readCompose = async (): Promise<ComposeFile> =>
  parse(await readDocument('docker-compose.yml'), { merge: true }) as ComposeFile;

/** Names of figures; a histogram's parts count as it. */
const namedFigures = (text: string): string[] =>
  [...text.matchAll(/\b(?:batch_video|nodejs)_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));

test('gives each alarm its page in the runbook, and has no page without an alarm', async () => {
  const alarms = await readAlarms();
  assert.ok(alarms.length > 15);
  const runbook = await readDocument('docs/runbook.md');
  const pages = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(
    pages,
    alarms.map(({ alert }) => alert),
  );
  for (const { annotations } of alarms) {
    const [path = '', anchor = ''] = (annotations['runbook_url'] ?? '').split('#');
    assert.equal(path, 'docs/runbook.md');
    assert.ok(anchorsOf(runbook).includes(anchor), anchor);
  }
});

test('reads only figures that the service has, in alarms, panels and the runbook', async () => {
  addFleetFigures(opened.ctx.telemetry.registry, opened.ctx);
  const known = new Set(opened.ctx.telemetry.registry.getMetricsAsArray().map(({ name }) => name));
  const sources = [
    'ops/prometheus/alerts.yml',
    'ops/grafana/dashboards/batch-video.json',
    'docs/runbook.md',
    'docs/operation.md',
  ];
  for (const path of sources) {
    const named = namedFigures(await readDocument(path));
    assert.ok(named.length > 3, path);
    assert.deepEqual(
      named.filter((name) => !known.has(name)),
      [],
      path,
    );
  }
  const figures = [...known].filter((name) => name.startsWith('batch_video_'));
  const operation = await readDocument('docs/operation.md');
  assert.deepEqual(
    figures.filter((name) => !operation.includes(`\`${name}\``)),
    [],
    'figures that docs/operation.md does not list',
  );
});

test('runs every container without rights, on a pinned image, open to this machine alone', async () => {
  const { services } = await readCompose();
  assert.deepEqual(Object.keys(services), [
    'redis',
    'api',
    'worker',
    'sandbox',
    'demo',
    'prometheus',
    'grafana',
    'collector',
  ]);
  for (const [name, service] of Object.entries(services)) {
    assert.deepEqual([service.read_only, service.privileged ?? false], [true, false], name);
    assert.deepEqual([service.cap_drop, service.security_opt], [['ALL'], ['no-new-privileges:true']], name);
    assert.match(service.image ?? '', /^batch-video(-\w+)?$|:v?\d/, name);
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, name);
  }
});

test('hands over only settings that there are', async () => {
  const { services } = await readCompose();
  const known = new Set(settings.map(({ name }) => name));
  const given = Object.keys(services['api']?.environment ?? {});
  assert.ok(given.length > 8);
  assert.deepEqual(
    given.filter((name) => !known.has(name)),
    [],
  );
});

test('keeps what it builds on pinned, non-root and without secrets', async () => {
  const file = await readDocument('Dockerfile');
  const stages = [...file.matchAll(/^FROM (\S+) AS (\w+)$/gm)].map(([, from = '', name = '']) => ({ from, name }));
  const names = stages.map(({ name }) => name);
  assert.equal(names.at(-1), 'service', 'the default target is the service');
  for (const { from } of stages) {
    assert.ok(
      names.includes(from) || from === 'node:${NODE_MAJOR}-bookworm-slim' || from === 'debian:bookworm-slim',
      from,
    );
  }
  const last = file.slice(file.indexOf('AS service'));
  for (const wanted of [/^USER node$/m, /^HEALTHCHECK /m, /^STOPSIGNAL SIGTERM$/m, /^LABEL /m, /^ENTRYPOINT \["node"/m])
    assert.match(last, wanted);
  assert.doesNotMatch(last, /ffmpeg/);
  assert.doesNotMatch(file, /^# syntax=|:latest|^ADD |NEMO_TOKEN|API_KEYS=/m);
  const ignored = (await readDocument('.dockerignore')).split('\n');
  assert.equal(
    ignored.find((line) => line !== '' && !line.startsWith('#')),
    '*',
    'everything is left out but what is named',
  );
});

test('is YAML and JSON that can be read, wherever it is shipped', async () => {
  let seen = 0;
  for await (const path of glob(['ops/**/*.{yml,json}', 'docker/*.yml', 'docker-compose.yml'], {
    cwd: rootPath('.'),
  })) {
    const text = await readDocument(path);
    assert.doesNotThrow(
      () =>
        path.endsWith('.json')
          ? JSON.parse(text)
          : parse(text, {
              merge: true,
              logLevel: 'error',
              customTags: ['override'].map((name) => ({
                tag: `!${name}`,
                collection: 'seq' as const,
                identify: () => false,
              })),
            }),
      path,
    );
    seen += 1;
  }
  assert.ok(seen >= 8, `${seen} files`);
});
