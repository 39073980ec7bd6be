/** What a poll answers, in shape T or L, with the faults that show in polls. */
import type { Call } from './call.ts';
import type { Sandbox } from './context.ts';
import { takeFault } from './faults.ts';
import type { Job } from './store.ts';

interface View {
  readonly status: string;
  readonly progress: number;
  readonly hasUrl: boolean;
}

export function outputUrl(sandbox: Sandbox, job: Job): string {
  return `${sandbox.baseUrl}/files/outputs/${job.id}.mp4?sig=${sandbox.random.hex(16)}`;
}

export function toPollReply(sandbox: Sandbox, call: Call, job: Job): object {
  job.polls += 1;
  const view = viewOf(sandbox, call, job);
  const forced = takeFault(sandbox.faults, call, 'render-shape');
  const { renderShape } = sandbox.settings;
  const usual = renderShape === 'mixed' ? (job.polls % 2 === 1 ? 'T' : 'L') : renderShape;
  return (forced?.shape ?? usual) === 'T' ? toTaskShape(sandbox, job, view) : toLambdaShape(sandbox, job, view);
}

function viewOf(sandbox: Sandbox, call: Call, job: Job): View {
  const isDone = job.status === 'completed';
  const odd = takeFault(sandbox.faults, call, 'render-unknown-status');
  if (odd !== null) return { status: odd.status, progress: job.progress, hasUrl: false };
  if (isDone && takeFault(sandbox.faults, call, 'render-completed-without-url') !== null) {
    return { status: 'completed', progress: 100, hasUrl: false };
  }
  if (takeFault(sandbox.faults, call, 'render-progress-backwards') !== null) {
    return { status: 'processing', progress: Math.max(0, Math.round(job.progress / 2) - job.polls), hasUrl: false };
  }
  return { status: job.status, progress: job.progress, hasUrl: isDone };
}

function toTaskShape(sandbox: Sandbox, job: Job, { status, progress, hasUrl }: View): object {
  const output = { url: outputUrl(sandbox, job), duration: job.durationMs / 1000, size: job.bytes };
  const failed = status === 'failed' ? { error: job.failure ?? 'render failed' } : {};
  return { taskId: job.id, status, progress, ...failed, ...(hasUrl ? { output } : {}) };
}

function toLambdaShape(sandbox: Sandbox, job: Job, { status, progress, hasUrl }: View): object {
  const done = hasUrl ? { outputUrl: outputUrl(sandbox, job), completedAt: job.completedAtMs } : {};
  const failed = status === 'failed' ? { error: job.failure ?? 'render failed' } : {};
  return { success: true, data: { id: job.id, status, progress, createdAt: job.createdAtMs, ...failed, ...done } };
}
