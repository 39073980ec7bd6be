/** The guess at what a mistyped key should have been. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearestWord } from '../../src/api/nearest-word.ts';

const known = ['instructions', 'files', 'name', 'max_sessions'];

test('counts the letters that differ', () => {
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('same', 'same'), 0);
});

test('finds the nearest known word, and none where nothing is near', () => {
  assert.equal(nearestWord('instuctions', known), 'instructions');
  assert.equal(nearestWord('maxSessions', known), 'max_sessions');
  assert.equal(nearestWord('nam', known), 'name');
  assert.equal(nearestWord('zzz', known), null);
  assert.equal(nearestWord('x'.repeat(10_000), known), null);
});
