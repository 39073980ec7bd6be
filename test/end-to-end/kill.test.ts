/** Accepted is kept, paid once: the same scenarios as in the slow suite, with few files. */
import { test } from 'node:test';
import { killEverythingAfterAccept, killWorkerAndApi } from './kill-scenarios.ts';

test('keeps every file through a kill -9 of everything right after the 202', (t) => killEverythingAfterAccept(t, 40));

test('ends every file once when one of two workers and the API are killed in the middle', (t) =>
  killWorkerAndApi(t, 18));
