/** Any error → what to tell the person and how to exit. The only place where errors become words; never a stack. */
import { CommanderError } from 'commander';
import { ServiceError } from '../client/service-error.ts';
import { UnreachableError } from '../client/unreachable-error.ts';
import { exitCodes, type ExitCode } from './context.ts';
import { oneLine } from './display/fit.ts';
import { Interruption } from './interrupt.ts';
import { UsageError } from './usage-error.ts';

export interface Complaint {
  readonly exitCode: ExitCode;
  /** Stable, for --json. */
  readonly code: string;
  /** Empty where everything has been said already. */
  readonly sentences: readonly string[];
}

/** A refused batch of 50,000 files may have as many reasons. */
const maxReasons = 20;

export function toComplaint(error: unknown): Complaint {
  if (error instanceof CommanderError) return toUsageExit(error);
  if (error instanceof UsageError) return complaint(exitCodes.usage, 'usage', error.problems);
  if (error instanceof Interruption) return complaint(exitCodes.interrupted, 'interrupted', []);
  if (error instanceof UnreachableError) return complaint(exitCodes.unreachable, 'unreachable', [unreachable(error)]);
  if (error instanceof ServiceError) return refused(error);
  const text = error instanceof Error ? error.message : String(error);
  return complaint(exitCodes.someFailed, 'unexpected', [`Something went wrong: ${oneLine(text)}`]);
}

/** Commander has printed its own words; it exits with 0 after --help and --version. */
function toUsageExit(error: CommanderError): Complaint {
  return complaint(error.exitCode === 0 ? exitCodes.allDone : exitCodes.usage, error.code, []);
}

function unreachable({ url }: UnreachableError): string {
  return `No service answers at ${url}. Start it with \`batch-video serve\`, or say where it is with --url.`;
}

function refused(error: ServiceError): Complaint {
  if (error.status === 401) {
    return complaint(exitCodes.usage, error.code, ['The service wants a key: give it with --key or BATCH_VIDEO_KEY.']);
  }
  // A server that fails is as good as none; a refusal is about what was asked for.
  const exitCode = error.status >= 500 ? exitCodes.unreachable : exitCodes.usage;
  const reasons = error.errors.map((one) => `${one.pointer}: ${oneLine(one.detail)}`);
  const more = reasons.length > maxReasons ? [`… and ${reasons.length - maxReasons} more.`] : [];
  return complaint(exitCode, error.code, [oneLine(error.message), ...reasons.slice(0, maxReasons), ...more]);
}

function complaint(exitCode: ExitCode, code: string, sentences: readonly string[]): Complaint {
  return { exitCode, code, sentences };
}
