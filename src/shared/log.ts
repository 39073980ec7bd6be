/**
 * Makes the log: pino, JSON lines, ISO time. Nothing secret may leave here, whatever a caller hands over: each line
 * passes redact-line.ts last, so bindings, errors and messages are covered alike.
 * Names used everywhere: batch_id, file_id, step, rev, request_id; `err` for an error.
 */
import { pino, stdTimeFunctions, type DestinationStream, type Level, type Logger } from 'pino';
import { createLineRedactor } from './redact-line.ts';
import { toReadableLine } from './readable-line.ts';

export type Log = Logger;

export type LogOptions = {
  level: Level | 'silent';
  /** One line for people instead of JSON. */
  pretty?: boolean;
  /** Default: stdout. */
  destination?: DestinationStream;
  /** Added to every line: ids of the trace that it belongs to. */
  bindings?: () => Record<string, string>;
  /** Configured secrets (tokens, API keys), blanked out wherever their text turns up. */
  secrets?: readonly string[];
};

export function createLog({ level, pretty = false, destination, bindings, secrets = [] }: LogOptions): Log {
  const redact = createLineRedactor(secrets);
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    ...(bindings === undefined ? {} : { mixin: bindings }),
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: (line: string) => (pretty ? toReadableLine(redact(line)) : redact(line)) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
