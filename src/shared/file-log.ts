/**
 * The log lines of one file, kept in its record: what the process logs of it at level info, for whoever looks at that
 * file later. Capped by advance.lua; no text of a caller and no URL goes into them.
 */
import type { Context } from './context.ts';
import type { FileEvent } from './domain/events.ts';
import type { FileRecord } from './domain/file.ts';

export interface FileLogLine {
  /** Ms of Redis' clock. */
  readonly at: number;
  readonly event: string;
  readonly to: string;
  readonly run: number;
  /** Codes: why it waits, or what went wrong. */
  readonly note: string | null;
}

/** Empty: nothing that is logged. The script puts its clock in front. */
export function toLogLine(before: FileRecord, after: FileRecord, event: FileEvent | null): string {
  const isSaidAlready = event?.type === 'render-going-on' && noteOf(after, event) === '';
  if (isSaidAlready || (before.state.status === after.state.status && before.run === after.run)) return '';
  const note = noteOf(after, event);
  return [event?.type ?? 'repair', after.state.status, after.run, ...(note === '' ? [] : [note])].join(' ');
}

function noteOf({ state }: FileRecord, event: FileEvent | null): string {
  if (state.status === 'failed') return state.error.code;
  if (state.status === 'parked') return state.reason;
  if (event !== null && 'fault' in event && event.fault !== null) {
    const fault = 'fault' in event.fault ? event.fault.fault : event.fault;
    return fault.code;
  }
  return 'wait' in state && state.wait !== null ? state.wait.reason : '';
}

const lineForm = /^(\d+) ([\w-]+) ([\w-]+) (\d+)(?: (\S+))?$/;

export async function readFileLog(ctx: Context, fileId: string): Promise<FileLogLine[]> {
  const text = (await ctx.redis.hget(ctx.keys.file(fileId), 'g')) ?? '';
  return text.split('\n').flatMap((line) => {
    const [, at, event, to, run, note] = lineForm.exec(line) ?? [];
    if (at === undefined || event === undefined || to === undefined) return [];
    return [{ at: Number(at), event, to, run: Number(run), note: note ?? null }];
  });
}
