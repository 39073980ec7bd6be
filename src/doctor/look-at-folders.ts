/** Looks at the folders that are written to: are they there, can they be written, is there room. */
import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../shared/config/config.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

const bytesPerGigabyte = 1e9;
const probeBytes = 64 * 1024;

export async function lookAtFolders(config: Config): Promise<Finding[]> {
  const { uploadDir, dataDir, mediaRoot, redisUrl, maxFileBytes, uploadConcurrency } = config;
  const findings = [await lookAt({ name: 'UPLOAD_DIR', path: uploadDir, leastBytes: maxFileBytes, goodBytes: maxFileBytes * uploadConcurrency })]; // prettier-ignore
  if (redisUrl === null) {
    findings.push(await lookAt({ name: 'DATA_DIR', path: dataDir, leastBytes: 1e8, goodBytes: bytesPerGigabyte }));
  }
  if (mediaRoot !== null && !(await isReadable(mediaRoot))) {
    findings.push(fail('disk', 'MEDIA_ROOT cannot be read', 'mount it, or give the service a right to it'));
  }
  return findings;
}

interface Folder {
  readonly name: string;
  readonly path: string;
  readonly leastBytes: number;
  readonly goodBytes: number;
}

async function lookAt({ name, path, leastBytes, goodBytes }: Folder): Promise<Finding> {
  const code = await tryToWrite(path);
  if (code !== null) return fail('disk', `${name} cannot be written to (${code})`, adviceFor(code, name));
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  const detail = `${name} has ${(free / bytesPerGigabyte).toFixed(1)} GB of room`;
  const wanted = `${(goodBytes / bytesPerGigabyte).toFixed(1)} GB`;
  if (free < leastBytes)
    return fail('disk', `${detail}: less than one file of MAX_FILE_BYTES`, `make room for ${wanted}`);
  if (free < goodBytes) return warn('disk', detail, `make room for ${wanted}, so that uploads are not refused (507)`);
  return ok('disk', detail);
}

const adviceFor = (code: string, name: string): string =>
  code === 'ENOSPC' || code === 'EDQUOT'
    ? `make room there, or lower RETENTION_DAYS`
    : `let ${name} be a folder that the service's user may write to`;

/** Writes as an upload does, with fsync: a disk may take a name and then have no room for the bytes. Null: it can. */
async function tryToWrite(folder: string): Promise<string | null> {
  const path = join(folder, `.batch-video-doctor-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(Buffer.alloc(probeBytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  } finally {
    // What could not be made cannot be removed either.
    await rm(path, { force: true }).catch(() => undefined);
  }
}

const isReadable = (path: string): Promise<boolean> =>
  access(path, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
