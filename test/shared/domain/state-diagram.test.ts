/** The map of the state machine is what `decide` does: every move in it can happen, and no other can. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFinal } from '../../../src/shared/domain/batch.ts';
import { fileStatuses } from '../../../src/shared/domain/file-state.ts';
import { stateDiagram, transitions } from '../../../src/shared/domain/transitions.ts';
import { explore } from './exploration.ts';

const name = (from: string, to: string, event: string): string => `${from} → ${to} by ${event}`;

test('lists the moves that decide makes, and only those', () => {
  const made = new Set<string>();
  explore(({ from, event, to }) => {
    if (from.state.status !== to.state.status) made.add(name(from.state.status, to.state.status, event.type));
  });
  const listed = transitions.flatMap(({ from, to, by }) => by.map((event) => name(from, to, event)));
  assert.deepEqual([...made].toSorted(), listed.toSorted());
});

test('lets a file leave a final status for a retry or a message alone, and a canceled one never', () => {
  const out = transitions.filter(({ from }) => isFinal(from));
  assert.deepEqual([...new Set(out.flatMap(({ by }) => by))].toSorted(), ['messaged', 'retried']);
  assert.ok(out.every(({ from }) => from !== 'canceled'));
});

test('lets every unfinished file be canceled', () => {
  for (const from of fileStatuses.filter((status) => !isFinal(status))) {
    assert.ok(
      transitions.some((move) => move.from === from && move.to === 'canceled'),
      from,
    );
  }
});

test('draws each move as one line of a mermaid diagram', () => {
  const lines = stateDiagram().trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 2), ['stateDiagram-v2', '    [*] --> queued']);
  assert.equal(lines.length, 2 + transitions.length + 3);
  assert.ok(lines.includes('    queued --> uploading: admitted'));
  assert.equal(lines.at(-1), '    canceled --> [*]');
});
