/**
 * Fetches Debian's (or Ubuntu's) redis-server without root: apt with its own lists and no lock, unpacked into the cache
 * folder. It changes nothing of the system, and a half-fetched copy never appears under the final name.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { probeUnpacked, type RedisBinary } from './redis-binary.ts';

const run = promisify(execFile);
/** About 10 MB of lists and 1.5 MB of packages: seconds as a rule, but mirrors can be slow. */
const aptTimeoutMs = 180_000;
const maxOutputBytes = 8 * 1024 * 1024;

/** redis-server of Debian 12 and the libraries it needs. */
const debian12Packages = [
  'redis-server',
  'redis-tools',
  'libatomic1',
  'libjemalloc2',
  'liblzf1',
  'liblua5.1-0',
  'lua-cjson',
  'lua-bitop',
  'libhiredis0.14',
];

export async function fetchDebianRedis(cacheDir: string, signal?: AbortSignal): Promise<RedisBinary> {
  await mkdir(cacheDir, { recursive: true });
  // Beside the final place, so that the last step is one rename; a name of its own, so that two starts never meet.
  const work = await mkdtemp(join(cacheDir, 'fetch-'));
  try {
    const packagesDir = await downloadPackages(work, signal);
    const root = join(work, 'root');
    const packages = (await readdir(packagesDir)).filter((name) => name.endsWith('.deb'));
    for (const name of packages) await run('dpkg-deb', ['-x', join(packagesDir, name), root], { signal });
    const unpacked = await probeUnpacked(root, 'fetched');
    if (unpacked === null) throw new Error('the fetched redis-server does not run on this machine');
    return await publish(root, join(cacheDir, `redis-${unpacked.version}`));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function downloadPackages(work: string, signal: AbortSignal | undefined): Promise<string> {
  const folders = { lists: join(work, 'lists'), cache: join(work, 'cache'), packages: join(work, 'packages') };
  await mkdir(join(folders.lists, 'partial'), { recursive: true });
  await mkdir(join(folders.cache, 'archives', 'partial'), { recursive: true });
  await mkdir(folders.packages);
  const apt = async (...args: string[]): Promise<string> => {
    const own = [`Dir::State::Lists=${folders.lists}`, `Dir::Cache=${folders.cache}`];
    const settings = [...own, 'Debug::NoLocking=1', 'APT::Sandbox::User='].flatMap((setting) => ['-o', setting]);
    const options = { cwd: folders.packages, signal, timeout: aptTimeoutMs, maxBuffer: maxOutputBytes };
    return (await run('apt-get', ['-q', ...settings, ...args], options)).stdout;
  };
  // One broken third-party source makes `update` fail although Debian's own lists have come: the download decides.
  const updateFault = await faultOf(apt('update'));
  const downloadFault = await faultOf(apt('download', ...debian12Packages));
  if (downloadFault !== null) await downloadByPlan(apt, updateFault ?? downloadFault);
  return folders.packages;
}

/** On another release the names differ: apt itself says what an installation would bring. */
async function downloadByPlan(apt: (...args: string[]) => Promise<string>, cause: unknown): Promise<void> {
  const plan = await apt('-s', 'install', 'redis-server').catch(() => '');
  const names = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? '');
  if (names.length === 0) throw new Error('apt-get knows no redis-server', { cause });
  await apt('download', ...names);
}

async function faultOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return null;
  } catch (error) {
    return error;
  }
}

/** Whoever comes second finds the place taken, and uses what is there when it runs. */
async function publish(root: string, place: string): Promise<RedisBinary> {
  const taken = await probeUnpacked(place, 'fetched');
  if (taken !== null) return taken;
  const isBroken = (await faultOf(rename(root, place))) !== null;
  // A folder that does not run (cut short, other architecture) goes first; losing this race as well is no harm.
  if (isBroken && (await probeUnpacked(place, 'fetched')) === null) {
    await rm(place, { recursive: true, force: true });
    await rename(root, place);
  }
  const published = await probeUnpacked(place, 'fetched');
  if (published === null) throw new Error('the fetched redis-server was replaced by one that does not run');
  return published;
}
