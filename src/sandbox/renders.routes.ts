/** Exports: submit, poll, download. The file itself is served by `files.routes`. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Call } from './call.ts';
import type { Sandbox } from './context.ts';
import { takeFault } from './faults.ts';
import { sendFile } from './file-range.ts';
import { bodyOf, jsonOf } from './json-body.ts';
import { parseExact, toFingerprint } from './json-text.ts';
import { outputUrl, toPollReply } from './poll-reply.ts';
import { Refusal, refusals } from './refusal.ts';
import { runJob } from './render.ts';
import { sessionOf } from './sessions.ts';
import type { Job, Session } from './store.ts';

const renderSchema = z.object({
  id: z.string().regex(/^[\w.-]{1,128}$/u),
  sessionId: z.coerce.string(),
  draft: z.looseObject({}),
  output: z.object({ format: z.literal('mp4'), quality: z.string() }).optional(),
});
const MISSING_HEADERS = 'export blocked: a call of this session came without its attribution headers';

export function addRenderRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.post('/api/render/proxy/lambda', { config: { endpoint: 'render' } }, async (request) => {
    const { call } = request;
    const body = jsonOf(request, renderSchema);
    if (call === null) return undefined;
    const session = sessionOf(sandbox, call, body.sessionId);
    if (sandbox.settings.requireAttribution && session.lacksAttribution) throw refusals.exportBlocked(MISSING_HEADERS);
    await sandbox.clock.sleep(sandbox.random.between(100, 400));
    const known = sandbox.store.jobs.get(body.id);
    const job = known === undefined ? submit(sandbox, call, session, body.id) : repeat(sandbox, call, known);
    if (known === undefined) start(sandbox, job, bodyOf(request).text, body.draft);
    return { success: true, data: { id: job.id, taskId: job.id, status: job.status, progress: job.progress } };
  });

  app.get<{ Params: { id: string } }>(
    '/api/render/proxy/lambda/:id',
    { config: { endpoint: 'render-poll' } },
    async (request) => {
      const { call } = request;
      if (call === null) return undefined;
      return toPollReply(sandbox, call, jobOf(sandbox, call, request.params.id));
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/render/proxy/:id/download',
    { config: { endpoint: 'download' } },
    async (request, reply) => {
      const { call } = request;
      if (call === null) return undefined;
      const job = jobOf(sandbox, call, request.params.id);
      if (job.status !== 'completed' || job.path === null) throw new Refusal(404, 'not rendered yet');
      if (takeFault(sandbox.faults, call, 'download-as-json') !== null) {
        job.isUrlDead = false;
        return { success: true, data: { url: outputUrl(sandbox, job) } };
      }
      return sendFile(request, reply, job.path, 'video/mp4', job.bytes);
    },
  );
}

function jobOf(sandbox: Sandbox, call: Call, id: string): Job {
  const job = sandbox.store.jobs.get(id);
  if (job === undefined || job.session.account !== call.token?.account) throw new Refusal(404, 'no such render');
  call.session = job.session.id;
  return job;
}

function repeat(sandbox: Sandbox, call: Call, job: Job): Job {
  const entry = sandbox.ledger.renders.get(job.id);
  if (entry !== undefined) entry.duplicates += 1;
  const isRefused = takeFault(sandbox.faults, call, 'render-duplicate-error') !== null;
  const isAccepted = takeFault(sandbox.faults, call, 'render-duplicate-existing') !== null;
  if (isRefused || (sandbox.settings.duplicateRender === 'error' && !isAccepted)) {
    throw new Refusal(409, `duplicate render id ${job.id}`);
  }
  return job;
}

function submit(sandbox: Sandbox, call: Call, session: Session, id: string): Job {
  const truncated = takeFault(sandbox.faults, call, 'render-truncated');
  const isFailing = takeFault(sandbox.faults, call, 'render-failed') !== null;
  const job: Job = {
    id,
    session,
    createdAtMs: sandbox.clock.now(),
    completedAtMs: null,
    status: 'pending',
    progress: 0,
    path: null,
    bytes: 0,
    durationMs: 0,
    polls: 0,
    failure: isFailing ? 'the render node went away' : null,
    isStuck: takeFault(sandbox.faults, call, 'render-stuck') !== null,
    isUrlDead: takeFault(sandbox.faults, call, 'render-url-404') !== null,
    servedShare: truncated?.share ?? 1,
  };
  sandbox.store.jobs.set(id, job);
  sandbox.ledger.renders.set(id, {
    id,
    sessionId: session.id,
    createdAt: job.createdAtMs,
    status: 'pending',
    duplicates: 0,
    draft_mismatch: false,
  });
  return job;
}

/** The draft that was sent is what gets rendered; one that no state read has shown is refused in the job. */
function start(sandbox: Sandbox, job: Job, bodyText: string, draft: unknown): void {
  // Parsed once more with every number as it was spelled: the plain value has rounded them.
  const exact = parseExact(bodyText) as { readonly draft: unknown };
  const entry = sandbox.ledger.renders.get(job.id);
  if (!job.session.served.has(toFingerprint(exact.draft))) {
    job.failure = 'draft_mismatch: the draft sent is not one that the state of this session has shown';
    if (entry !== undefined) entry.draft_mismatch = true;
    sandbox.ledger.draftMismatches.push({ renderId: job.id, sessionId: job.session.id, at: job.createdAtMs });
  }
  const counts = sandbox.ledger.sessions.get(job.session.id);
  if (counts !== undefined) {
    counts.renders += 1;
    counts.openRenders += 1;
    counts.peakRenders = Math.max(counts.peakRenders, counts.openRenders);
  }
  const run = async (): Promise<void> => {
    await runJob(sandbox, job, draft);
    if (counts !== undefined) counts.openRenders -= 1;
    if (entry !== undefined) entry.status = job.status;
  };
  sandbox.background.add(run());
}
