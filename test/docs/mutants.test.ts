/** Faults that are put into copies of the sources on purpose fit the sources of today, or the scripts that run them would show nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutants as services } from '../../scripts/chaos/mutants.ts';
import { mutants as clients } from '../../scripts/conformance/mutants.ts';
import { readDocument } from './document.ts';

test('every text that a mutant replaces stands once in its file', async () => {
  const edits = [...services.flatMap((mutant) => mutant.edits), ...clients];
  assert.ok(edits.length > 30, `${edits.length} edits`);
  for (const { file, find } of edits) {
    const count = (await readDocument(file)).split(find).length - 1;
    assert.equal(count, 1, `${file}: ${find}`);
  }
});
