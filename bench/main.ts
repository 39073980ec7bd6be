/** npm run bench -- <name> [options]: each benchmark prints its figures beside their targets or their baseline. */
import process from 'node:process';

const benches: Readonly<
  Record<string, () => Promise<{ readonly run: (args: readonly string[]) => Promise<boolean> }>>
> = {
  dashboard: () => import('./dashboard.ts'),
};

const [name = '', ...args] = process.argv.slice(2);
const load = benches[name];
if (load === undefined) {
  console.error(`npm run bench -- <name>, one of: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  const { run } = await load();
  process.exitCode = (await run(args)) ? 0 : 1;
}
