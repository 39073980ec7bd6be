/** Reads the state of the file's session. A 404 without a code counts only when a second read says it again (design §4). */
import { summarizeTimeline } from '../shared/domain/timeline.ts';
import type { StateRead } from '../shared/domain/events.ts';
import { readState } from '../shared/upstream/read-state.ts';
import type { SessionState } from '../shared/upstream/types.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import { RunOverError, type Run } from './run.ts';

export async function readSession(run: Run): Promise<SessionState> {
  const sessionId = run.file().session?.id;
  if (sessionId === undefined) throw new RunOverError('the file has no session');
  const read = (): Promise<SessionState> =>
    run.call((token, signal) => readState(run.ctx.account.upstream, token, sessionId, { signal }));
  try {
    return await read();
  } catch (error) {
    if (!isUnconfirmed(error)) throw error;
    return await confirmGone(read);
  }
}

const isUnconfirmed = (error: unknown): error is UpstreamError =>
  error instanceof UpstreamError && error.fault.code === 'session_unconfirmed';

async function confirmGone(read: () => Promise<SessionState>): Promise<SessionState> {
  try {
    return await read();
  } catch (error) {
    if (!isUnconfirmed(error)) throw error;
    throw new UpstreamError('read-state', { ...error.fault, code: 'session_missing' }, error);
  }
}

/** Another call said "404" without a code: ask the state, which decides whether the session is gone. */
export async function confirmSession(run: Run, error: unknown): Promise<never> {
  if (!isUnconfirmed(error)) throw error;
  // Whatever the read says, it is no answer to the marked upload.
  run.marked.call = false;
  await readSession(run);
  throw error;
}

/** `previous`: the read right before it, where there was one. */
export function toStateRead(state: SessionState, previous: SessionState | null = null): StateRead {
  const timeline = summarizeTimeline(state.draft);
  return {
    fingerprint: state.fingerprint,
    steady: state.fingerprint === previous?.fingerprint,
    media: state.videoNames.length,
    generatedMedia: state.generatedMediaCount,
    renderable: state.renderable,
    timeline: timeline === null ? null : { summary: timeline.summary, tracks: [...timeline.tracks] },
  };
}
