/** The entry of the service: API and workers in one process; `main.ts api` and `main.ts worker` run one of them. */
import { keepCompiled } from './shared/keep-compiled.ts';

keepCompiled();
// Loaded after that, so that all of it is kept.
const { startProcess } = await import('./start-process.ts');
startProcess();
