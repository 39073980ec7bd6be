/**
 * The step `render`: submit once, then poll, one run a poll. The id is allocated and stored before the POST, so a crash
 * cannot orphan the render; a run that finds an id asks for it first and sends the same id again only where the
 * upstream does not know it (design §4 "render").
 */
import { readDraft } from '../shared/draft.ts';
import type { RenderState } from '../shared/upstream/types.ts';
import { readRender } from '../shared/upstream/read-render.ts';
import { submitRender } from '../shared/upstream/submit-render.ts';
import { UpstreamError } from '../shared/upstream/upstream-error.ts';
import { publishProgress } from '../shared/live-progress.ts';
import { progressPercent } from '../shared/progress-percent.ts';
import { inspectOutput } from './inspect-output.ts';
import { putAside } from './put-aside.ts';
import { confirmSession, readSession } from './read-session.ts';
import { RunOverError, type Run } from './run.ts';

export async function runRender(run: Run): Promise<void> {
  const { state } = run.file();
  if (state.status !== 'rendering') return;
  if (state.render === null) await start(run);
  else await poll(run, state.render.id);
}

async function start(run: Run): Promise<void> {
  if (await putAside(run, { costs: false })) return;
  const draftText = await draftOf(run);
  if (draftText === null) {
    await run.finish({ type: 'timeline-empty', run: run.number });
    return;
  }
  const renderId = run.ctx.newRenderId();
  await run.save({ type: 'render-planned', run: run.number, renderId });
  await submit(run, renderId, draftText);
}

/** The draft that the last turn settled to; read afresh where none was kept (a render without an edit). */
async function draftOf(run: Run): Promise<string | null> {
  const stored = run.file().draftStored;
  const kept = stored ? (run.carried.draftText ?? (await readDraft(run.ctx, run.file().id))) : null;
  if (kept !== null) return kept;
  const state = await readSession(run);
  return state.renderable ? state.draftText : null;
}

async function submit(run: Run, id: string, draftText: string): Promise<void> {
  const sessionId = run.file().session?.id;
  if (sessionId === undefined) throw new RunOverError('the file has no session');
  try {
    await run.call((token, signal) =>
      submitRender(run.ctx.account.upstream, token, { id, sessionId, draftText }, { signal }),
    );
  } catch (error) {
    // The id exists: an earlier POST of ours arrived, though its reply did not.
    if (!(error instanceof UpstreamError) || error.fault.code !== 'duplicate_render') await confirmSession(run, error);
  }
  await run.finish({ type: 'render-submitted', run: run.number });
}

async function poll(run: Run, id: string): Promise<void> {
  const rendering = await readOrSubmit(run, id);
  if (rendering === null) return;
  if (rendering.status === 'failed') {
    await run.finish({ type: 'render-failed', run: run.number, detail: rendering.detail ?? '' });
    return;
  }
  if (rendering.status === 'completed' && rendering.url !== null) {
    await inspect(run, id, rendering);
    return;
  }
  await goOn(run, rendering);
}

async function goOn(run: Run, rendering: RenderState): Promise<void> {
  publishProgress(run.ctx, run.file(), { progress: progressPercent(run.file(), null), note: 'rendering' });
  await run.finish({ type: 'render-going-on', run: run.number, progress: rendering.progress });
}

/** Null: the id was unknown, so it was submitted (again), and that is the outcome of this run. */
async function readOrSubmit(run: Run, id: string): Promise<RenderState | null> {
  try {
    return await run.call((token, signal) => readRender(run.ctx.account.upstream, token, id, { signal }));
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.fault.code !== 'not_found') throw error;
    const draftText = await draftOf(run);
    if (draftText === null) throw error;
    await submit(run, id, draftText);
    return null;
  }
}

async function inspect(run: Run, id: string, rendering: RenderState): Promise<void> {
  const found = await inspectOutput(run, id, rendering);
  switch (found.kind) {
    case 'serves': {
      const { url, bytes } = found;
      const output = { url, renderId: id, durationMs: rendering.durationMs, bytes: bytes ?? rendering.bytes };
      await run.finish({ type: 'rendered', run: run.number, output });
      return;
    }
    case 'broken':
      await run.finish({ type: 'render-failed', run: run.number, detail: found.detail });
      return;
    case 'not-yet':
      await goOn(run, rendering);
  }
}
