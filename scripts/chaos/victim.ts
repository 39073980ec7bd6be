/** A process of the service that dies, freezes or is stopped at a named boundary: the first time it gets there. */
import { startProcess } from '../../src/start-process.ts';

const [, , , point, death] = process.argv;
const signals = { kill: 'SIGKILL', stop: 'SIGSTOP', term: 'SIGTERM' } as const;
let isDone = false;

startProcess((reached) => {
  if (isDone || reached !== point) return;
  isDone = true;
  process.kill(process.pid, signals[death as keyof typeof signals]);
});
