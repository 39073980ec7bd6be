import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEndpointLines, type EndpointLines } from '../../../src/shared/webhook/endpoint-lines.ts';

const url = 'https://a.example/hook';

function enter(lines: EndpointLines, at = url, tenant = 'acme'): () => void {
  const entry = lines.enter(tenant, at);
  assert.ok(entry.kind === 'entered');
  return entry.leave;
}

function delayOf(lines: EndpointLines, at = url): number {
  const entry = lines.enter('acme', at);
  assert.ok(entry.kind === 'full');
  return entry.delayMs;
}

test('a fifth request to a URL is sent away until one has left', () => {
  const lines = createEndpointLines(15_000);
  const [leave] = [enter(lines), enter(lines), enter(lines), enter(lines)];
  assert.equal(lines.enter('acme', url).kind, 'full');
  enter(lines, url, 'another tenant');
  enter(lines, 'https://a.example/other');
  leave?.();
  leave?.(); // leaving twice gives one place
  enter(lines);
  assert.equal(lines.enter('acme', url).kind, 'full');
});

test('a host that hangs holds sixteen requests, however many paths it has', () => {
  const lines = createEndpointLines(15_000);
  for (let n = 0; n < 16; n += 1) enter(lines, `${url}/${n}`);
  assert.equal(lines.enter('acme', `${url}/16`).kind, 'full');
  enter(lines, 'https://b.example/hook');
});

test('who is sent away comes back one service time behind the one before', () => {
  let now = 0;
  const lines = createEndpointLines(15_000, () => now);
  for (let n = 0; n < 4; n += 1) enter(lines);
  now = 4000; // open for 4 s: a place every second
  assert.deepEqual([delayOf(lines), delayOf(lines), delayOf(lines)], [1000, 2000, 3000]);
  now = 100_000; // no request is open for longer than the time-out
  assert.deepEqual([delayOf(lines), delayOf(lines)], [3750, 7500]);
});

test('nobody is sent away for more than ten minutes', () => {
  let now = 0;
  const lines = createEndpointLines(15_000, () => now);
  for (let n = 0; n < 4; n += 1) enter(lines);
  now = 15_000;
  for (let n = 0; n < 1000; n += 1) delayOf(lines);
  assert.equal(delayOf(lines), 600_000);
});

test('follows a receiver that has recovered', () => {
  let now = 0;
  const lines = createEndpointLines(15_000, () => now);
  const leave = enter(lines);
  now = 8000;
  leave();
  for (let n = 0; n < 10; n += 1) enter(lines)();
  for (let n = 0; n < 4; n += 1) enter(lines);
  assert.equal(delayOf(lines), 50);
});
