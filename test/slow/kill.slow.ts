/** The kill scenarios with the figures of the promises: 300 files, everything killed; 100 files, processes killed. */
import { test } from 'node:test';
import { killEverythingAfterAccept, killWorkerAndApi } from '../end-to-end/kill-scenarios.ts';

test('keeps all 300 files through a kill -9 of everything right after the 202', (t) =>
  killEverythingAfterAccept(t, 300));

test('ends 100 files once when one of two workers and the API are killed in the middle', (t) =>
  killWorkerAndApi(t, 100));
