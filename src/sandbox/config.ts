/** The only reader of the environment and of the command line in the sandbox. It decides nothing. */
import { argv, env } from 'node:process';

export interface SandboxEnvironment {
  /** An ffmpeg to use before any other. */
  readonly ffmpegPath: string | null;
  /** A TTF or OTF file for titles, before any other. */
  readonly fontPath: string | null;
  /** Folders in which programs are looked for. */
  readonly searchPath: readonly string[];
  readonly logLevel: string;
}

export function readEnvironment(): SandboxEnvironment {
  return {
    ffmpegPath: env['FFMPEG_PATH'] || null,
    fontPath: env['SANDBOX_FONT'] || null,
    searchPath: (env['PATH'] ?? '').split(':').filter((folder) => folder !== ''),
    logLevel: env['SANDBOX_LOG_LEVEL'] ?? 'warn',
  };
}

export const commandLine: readonly string[] = argv;
