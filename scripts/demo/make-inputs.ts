/** Clips of different lengths, each with a running clock and a tone, and a logo to put on them. */
import { join } from 'node:path';
import { makeClip, makeLogo } from '../../src/sandbox/make-clips.ts';
import type { DemoOptions } from './read-options.ts';

export interface Inputs {
  readonly paths: readonly string[];
  readonly logo: string;
}

const shortestSeconds = 5;
const stepSeconds = 3;
const lengths = 3;

export async function makeInputs(options: DemoOptions, folder: string, signal: AbortSignal): Promise<Inputs> {
  const paths: string[] = [];
  const { width, height } = options;
  // One after the other: each uses all cores.
  for (let index = 0; index < options.files; index += 1) {
    const path = join(folder, `demo-${index + 1}.mp4`);
    const seconds = options.seconds ?? shortestSeconds + stepSeconds * (index % lengths);
    await makeClip({ path, seconds, width, height, label: `demo ${index + 1}`, signal });
    paths.push(path);
  }
  return { paths, logo: await makeDemoLogo(folder, signal) };
}

export async function makeDemoLogo(folder: string, signal: AbortSignal): Promise<string> {
  const path = join(folder, 'logo.png');
  await makeLogo({ path, signal });
  return path;
}
