/** The entry of the service: API and workers in one process; `main.ts api` and `main.ts worker` run one of them. */
import { startProcess } from './start-process.ts';

startProcess();
