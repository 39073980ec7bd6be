/** Runs one render job from the draft that was sent. What the job answers to polls is elsewhere. */
import { copyFile, link, mkdtemp, rm, stat } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compose } from './compose.ts';
import type { Sandbox } from './context.ts';
import { draftSchema, segmentsOf, VIDEO_TRACK, type Draft } from './draft.ts';
import { runFfmpeg } from './ffmpeg.ts';
import type { Job } from './store.ts';

/** "A download URL within 30-90 seconds" (seed); divided by the time scale. */
const SHORTEST_MS = 30_000;
const LONGEST_MS = 90_000;
/** Share of that time in which a job is still `pending`. */
const PENDING_SHARE = 0.1;

export async function runJob(sandbox: Sandbox, job: Job, draft: unknown): Promise<void> {
  const wait = sandbox.random.between(SHORTEST_MS, LONGEST_MS);
  const early = sandbox.clock.sleep(wait * PENDING_SHARE);
  const whole = sandbox.clock.sleep(wait);
  try {
    await early;
    // Decided when it was submitted: an injected failure, or a draft that no state read has shown.
    if (job.failure !== null) throw new Error(job.failure);
    await make(sandbox, job, draftSchema.parse(draft));
    await whole;
    if (job.isStuck || sandbox.closing.aborted) return;
    job.status = 'completed';
    job.progress = 100;
    job.completedAtMs = sandbox.clock.now();
  } catch (error) {
    // A render that cannot be made is an answer to its polls, not a fault of this process.
    job.status = 'failed';
    job.failure = error instanceof Error ? error.message.slice(0, 300) : 'render failed';
    if (!sandbox.closing.aborted) sandbox.log.warn({ err: error, render: job.id }, 'render failed');
  }
}

async function make(sandbox: Sandbox, job: Job, draft: Draft): Promise<void> {
  const path = join(sandbox.dataDir, 'outputs', `${job.id}.mp4`);
  if (sandbox.settings.copy || sandbox.tools === null) job.durationMs = await copySource(sandbox, draft, path);
  else job.durationMs = await sandbox.renders.run(() => encode(sandbox, job, draft, path));
  job.bytes = (await stat(path)).size;
  job.path = path;
}

async function encode(sandbox: Sandbox, job: Job, draft: Draft, path: string): Promise<number> {
  const { tools } = sandbox;
  if (tools === null) throw new Error('no ffmpeg');
  job.status = 'processing';
  const scratch = await mkdtemp(join(sandbox.dataDir, 'render-'));
  let texts = 0;
  const textFile = (text: string): string => {
    const textPath = join(scratch, `title-${texts++}.txt`);
    writeFileSync(textPath, text);
    return textPath;
  };
  try {
    const media = [...sandbox.store.media.values()];
    const composition = compose(draft, { media, textFile, fontFor: tools.fonts.fontFor }, path);
    if (composition === null) throw new Error('nothing to render: the draft has no video');
    const onProgress = (madeMs: number): void => {
      job.progress = Math.min(99, Math.round((madeMs / composition.durationMs) * 100));
    };
    await runFfmpeg(tools.ffmpegPath, composition.args, { signal: sandbox.closing, onProgress });
    return composition.durationMs;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** For load tests: the first clip's bytes as they came, by a hard link where the disk allows. */
async function copySource(sandbox: Sandbox, draft: Draft, path: string): Promise<number> {
  const [first] = segmentsOf(draft, VIDEO_TRACK);
  const media = sandbox.store.media.get(first?.m.media_id ?? '');
  if (media === undefined) throw new Error('nothing to render: the draft has no video');
  await rm(path, { force: true });
  await link(media.path, path).catch(async () => copyFile(media.path, path));
  return draft.d;
}
