/** Every way to start the service gives Node the same flags. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapFlags } from '../../src/heap-flags.ts';
import { readDocument } from './document.ts';

test('npm scripts and the image start Node with the flags of the service', async () => {
  const { scripts } = JSON.parse(await readDocument('package.json')) as { scripts: Record<string, string> };
  const [, entry = ''] =
    /^FROM runtime AS service$[\s\S]*^ENTRYPOINT (\[.*\])$/m.exec(await readDocument('Dockerfile')) ?? [];
  assert.deepEqual(JSON.parse(entry), ['node', ...heapFlags, 'src/main.ts']);
  for (const [script, role] of [
    ['start', ''],
    ['start:api', ' api'],
    ['start:worker', ' worker'],
  ] as const)
    assert.equal(scripts[script], `sh scripts/setup.sh && node ${heapFlags.join(' ')} src/main.ts${role}`);
});
