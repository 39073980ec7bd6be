/** A private copy of the sources with a fault put in, for scripts that show that a check notices. The sources stay as they are. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export interface Edit {
  readonly file: string;
  /** Stands once in the file; a fault that does not fit any more must not pass for one that was noticed. */
  readonly find: string;
  readonly replace: string;
}

export async function withFaultyCopy<T>(edits: readonly Edit[], work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-faulty-'));
  try {
    for (const part of ['src', 'scripts', 'package.json']) {
      await cp(join(root, part), join(folder, part), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const edit of edits) await apply(folder, edit);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function apply(folder: string, { file, find, replace }: Edit): Promise<void> {
  const path = join(folder, file);
  const source = await readFile(path, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`"${find}" does not stand once in ${file} any more`);
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
}
