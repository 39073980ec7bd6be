/** The guide of the client, run from source: needs no registry. The packed client runs it in package.slow.ts. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { makeClip } from '../../src/sandbox/make-clips.ts';
import { rootPath } from '../docs/document.ts';
import { startSandbox, startService } from '../processes.ts';
import { checkPrinted, guideEnvironment, guideKey, guideModule } from './client-guide.ts';
import { runIn } from './registry.ts';

test('the code of the guide works as it is printed', async (t) => {
  // Within the project, so that `undici` is found.
  const folder = await mkdtemp(join(rootPath('node_modules'), '.client-guide-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const sandbox = await startSandbox('--instant', '--copy');
  t.after(() => sandbox.kill());
  const service = await startService('all', {
    DATA_DIR: join(folder, 'data'),
    NEMO_API_URL: sandbox.address,
    API_KEYS: `guide:${guideKey}`,
  });
  t.after(() => service.kill());
  await makeClip({ path: join(folder, 'clip.mp4'), seconds: 4, width: 160, height: 90 });
  // Types are not stripped below node_modules: the text is given on its way in.
  const module = await guideModule(service.address, rootPath('src/client/main.ts'));
  const { out } = await runIn(folder, execPath, ['--input-type=module-typescript', '--eval', module], guideEnvironment);
  checkPrinted(out);
  assert.deepEqual(await readFile(join(folder, 'edited-clip.mp4')), await readFile(join(folder, 'clip.mp4')));
});
