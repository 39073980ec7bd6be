/**
 * The step `upload`: a session where there is none, then the source and each asset into it. Each call is marked before
 * it leaves; a run that finds a mark looks whether it arrived, so nothing lands twice in one session (design §4).
 */
import { checkResolved } from '../shared/guard/check-resolved.ts';
import { createSession } from '../shared/upstream/create-session.ts';
import type { UploadReply } from '../shared/upstream/types.ts';
import { uploadBytes } from '../shared/upstream/upload-bytes.ts';
import { uploadByUrl } from '../shared/upstream/upload-by-url.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import type { FileRecord, Source } from '../shared/domain/file.ts';
import { sessionCredits } from '../shared/domain/policy.ts';
import { openSource, SourceGoneError } from './open-source.ts';
import { putAside } from './put-aside.ts';
import { confirmSession, readSession } from './read-session.ts';
import { RunOverError, type Run } from './run.ts';

export async function runUpload(run: Run): Promise<void> {
  const { state } = run.file();
  if (state.status !== 'uploading') return;
  if (state.mark !== null) {
    await look(run, state.mark.item, state.mark.videosBefore);
    return;
  }
  if (await putAside(run, { costs: true })) return;
  if (run.file().session === null) await begin(run);
  else await mark(run);
  while (await sendMarked(run)) await mark(run);
}

async function begin(run: Run): Promise<void> {
  const { ctx } = run;
  const { spec, batch } = run.loaded();
  const cost = sessionCredits * (batch.paidSessions + Math.max(1, batch.unpaidInFlight));
  if (batch.maxCredits !== null && cost > batch.maxCredits) {
    // A session that was lost would be paid again, and there is no room for it (design §6).
    await run.finish({ type: 'parked', run: run.number, reason: 'max_credits' });
    throw new RunOverError('max_credits');
  }
  const created = await run.call((token, signal) =>
    createSession(ctx.account.upstream, token, { taskName: 'project', language: spec.language }, { signal }),
  );
  const session = { id: created.sessionId, taskId: created.taskId, account: ctx.accountId, paid: false };
  await run.save({ type: 'session-created', run: run.number, session });
}

/** In a session of one file the media list is what this file has put there; in a lane it has to be read. */
async function mark(run: Run): Promise<void> {
  const file = run.file();
  const videosBefore = file.lane === null ? file.uploaded : (await readSession(run)).videoNames.length;
  await run.save({ type: 'upload-marked', run: run.number, item: file.uploaded, videosBefore });
}

/** True while there is more to send in this run. */
async function sendMarked(run: Run): Promise<boolean> {
  const file = run.file();
  if (file.state.status !== 'uploading' || file.state.mark === null) throw new RunOverError('no mark');
  const { item, videosBefore } = file.state.mark;
  run.marked.call = true;
  const reply = await send(run, itemOf(file, item)).catch((error: unknown) => confirmSession(run, error));
  run.marked.call = false;
  // A reply that names nothing, or says that the session has not taken it, proves nothing: look.
  if (reply.media.length === 0 || !reply.applied) {
    await look(run, item, videosBefore);
    return false;
  }
  const moved = await run.finish({ type: 'uploaded', run: run.number, item });
  if (moved.kind !== 'saved') return false;
  return moved.loaded.file.run === run.number && moved.loaded.file.state.status === 'uploading';
}

async function look(run: Run, item: number, videosBefore: number): Promise<void> {
  const state = await readSession(run);
  const found = state.videoNames.length > videosBefore;
  await run.finish({ type: 'upload-looked-for', run: run.number, item, found });
}

interface Item {
  readonly source: Source;
  readonly name: string;
}

function itemOf(file: FileRecord, item: number): Item {
  if (item === 0) return { source: file.input.source, name: file.input.name };
  const source = file.assets[item - 1];
  if (source === undefined) throw new RunOverError('no such asset');
  return { source, name: source.kind === 'url' ? '' : source.name };
}

async function send(run: Run, { source, name }: Item): Promise<UploadReply> {
  const { upstream } = run.ctx.account;
  const sessionId = run.file().session?.id;
  if (sessionId === undefined) throw new RunOverError('the file has no session');
  if (source.kind === 'url') {
    return uploadUrl(run, sessionId, source.url);
  }
  // The bytes are opened anew for each try: a stream that was half read is of no use to a second one.
  return run.call(async (token, signal) => {
    const opened = await openSource(run.ctx, source, name);
    return uploadBytes(upstream, token, { sessionId, ...opened }, { signal });
  });
}

/** The upstream fetches a URL itself. A refusal that no code of its own names is about the source. */
async function uploadUrl(run: Run, sessionId: string, url: string): Promise<UploadReply> {
  // Nothing can be pinned there, but a name that leads inside is not passed on.
  await checkResolved(url, { allowPrivate: run.ctx.config.sourceAllowPrivate });
  try {
    return await run.call((token, signal) =>
      uploadByUrl(run.ctx.account.upstream, token, { sessionId, url }, { signal }),
    );
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.fault.code !== 'rejected') throw error;
    throw new SourceGoneError('source_unreachable', 'The upstream could not fetch the source.', { cause: error });
  }
}
