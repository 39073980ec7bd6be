/** Accepted is kept, paid once, under kill -9: with few files here, with many and with more kinds of death in the slow suite. */
import { test } from 'node:test';
import { killEverythingAfterAccept } from './kill-scenarios.ts';

test('keeps every file through a kill -9 of everything right after the 202', (t) => killEverythingAfterAccept(t, 30));
