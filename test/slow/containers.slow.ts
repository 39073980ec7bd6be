/** The service on a Redis in a container, as docker-compose.yml runs it. Needs a Docker engine; says loudly when there is none. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { GenericContainer, Wait } from 'testcontainers';
import { openWorld } from '../end-to-end/open-world.ts';
import { assertPaidOnce, postBatch, readLedger, readResults, untilEnded } from '../end-to-end/world.ts';

const hasEngine = spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0;
if (!hasEngine)
  console.error('\n*** SKIPPED: no Docker engine answers `docker info`, so nothing is tried in containers ***\n');

for (const image of ['redis:7-alpine', ...(process.env['VALKEY'] === '1' ? ['valkey/valkey:8-alpine'] : [])]) {
  test(`brings a batch through on ${image}`, { skip: !hasEngine && 'no Docker engine' }, async (t) => {
    const container = await new GenericContainer(image)
      .withCommand(['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'])
      .withExposedPorts(6379)
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start();
    t.after(() => container.stop());
    const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
    const world = await openWorld({ environment: { REDIS_URL: url } });
    t.after(world.close);
    const instructions = ['trim the first 3 seconds', 'mute'];
    const files = Array.from({ length: 10 }, (_, index) => ({ source: { url: world.clips.url(`${index}.mp4`) } }));
    const { id } = await postBatch(world.api, { instructions, files });
    assert.equal((await untilEnded(world.api, id)).status, 'completed');
    assertPaidOnce(await readLedger(world.sandbox.url), await readResults(world.api, id), instructions);
  });
}
