/**
 * Downloads outputs into a folder while the batch still runs, a few at a time. A file that is there already stays as it
 * is: the output gets another name, and a source is never replaced at all.
 */
import { mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FileResource } from '../api/files.schema.ts';
import { isPassing } from '../client/call.ts';
import type { BatchView, FileView } from './batch-view.ts';
import type { ServiceContext } from './context.ts';
import type { Display } from './display/display.ts';
import { outputNames } from './files/output-names.ts';
import { safeStem, uniqueName } from './files/safe-name.ts';
import { exists, saveOutput } from './files/save-output.ts';
import { createLimit } from '../shared/limit.ts';
import { toComplaint } from './to-complaint.ts';
import { UsageError } from './usage-error.ts';

export interface SaverOptions {
  readonly out: string;
  readonly display: Display;
  /** Replace files of the same name, save these. */
  readonly mayReplace: boolean;
  readonly sources?: readonly string[];
  /** Take a file of the same name and size for this output, saved by an earlier watch. */
  readonly trustsSameSize: boolean;
}

export interface SavedOutput {
  readonly file: FileView;
  readonly path: string;
}

export interface Saver {
  /** Begins in the background. */
  save(view: BatchView, resource: FileResource): void;
  /** Waits for everything begun; throws only when the person leaves. */
  finish(): Promise<{ readonly saved: readonly SavedOutput[]; readonly failed: readonly FileView[] }>;
}

const filesAtATime = 3;
const attempts = 3;
const firstWaitMs = 500;

export async function openSaver(context: ServiceContext, options: SaverOptions): Promise<Saver> {
  await openFolder(options.out);
  const sources = new Set(await Promise.all((options.sources ?? []).map((path) => realpath(path))));
  const limit = createLimit(filesAtATime);
  const begun: Promise<void>[] = [];
  const [saved, failed]: [SavedOutput[], FileView[]] = [[], []];
  let names: ReadonlyMap<string, string> = new Map();
  const saveOne = async (file: FileView, resource: FileResource): Promise<void> => {
    try {
      const path = await placeOutput({ context, options, sources, names }, resource);
      saved.push({ file, path });
      options.display.saved(file, path);
    } catch (error) {
      if (context.interrupt.signal.aborted) return;
      failed.push(file);
      options.display.notSaved(file, toComplaint(error).sentences[0] ?? 'unknown reason');
    }
  };
  return {
    save(view, resource) {
      const file = view.files.get(resource.id);
      if (file === undefined || resource.status !== 'completed') return;
      if (!names.has(file.id)) names = outputNames(view);
      begun.push(limit(() => saveOne(file, resource)));
    },
    async finish() {
      await Promise.all(begun);
      context.interrupt.signal.throwIfAborted();
      return { saved, failed };
    },
  };
}

async function openFolder(out: string): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    if (!(await stat(out)).isDirectory()) throw new UsageError([`${out} is not a folder.`]);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError([`The folder ${out} cannot be made or written to. Choose another one with --out.`]);
  }
}

interface Placing {
  readonly context: ServiceContext;
  readonly options: SaverOptions;
  readonly sources: ReadonlySet<string>;
  readonly names: ReadonlyMap<string, string>;
}

async function placeOutput(placing: Placing, resource: FileResource): Promise<string> {
  const { options } = placing;
  const ownName = placing.names.get(resource.id) ?? uniqueName(safeStem(resource.name), () => false).name;
  const refused = new Set<string>();
  const others = new Set([...placing.names.values()].map((name) => name.toLowerCase()));
  for (;;) {
    const name = refused.size === 0 ? ownName : nextName(resource.name, others, refused);
    const path = join(options.out, name);
    if (await isFree(placing, path)) {
      if (await download(placing, resource, path)) return path;
    } else if (refused.size === 0 && options.trustsSameSize && (await hasSize(path, resource.output?.bytes))) {
      return path;
    }
    refused.add(name.toLowerCase());
  }
}

function nextName(name: string, others: ReadonlySet<string>, refused: ReadonlySet<string>): string {
  const isTaken = (candidate: string): boolean =>
    others.has(candidate.toLowerCase()) || refused.has(candidate.toLowerCase());
  return uniqueName(safeStem(name), isTaken, 2).name;
}

async function isFree({ options, sources }: Placing, path: string): Promise<boolean> {
  if (!(await exists(path))) return true;
  return options.mayReplace && !sources.has(await realpath(path));
}

async function hasSize(path: string, bytes: number | null | undefined): Promise<boolean> {
  return bytes != null && (await stat(path)).size === bytes;
}

async function download({ context, options }: Placing, resource: FileResource, path: string): Promise<boolean> {
  const { signal } = context.interrupt;
  const open = () => context.client.batches.content(resource.batch_id, resource.id);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await saveOutput(open, { path, mayReplace: options.mayReplace, signal });
    } catch (error) {
      if (attempt === attempts || signal.aborted || !isPassing(error)) throw error;
      await delay(firstWaitMs * attempt, undefined, { signal });
    }
  }
}
