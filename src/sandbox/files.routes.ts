/** The CDN's part: uploaded media and finished videos, looked up by id, never by a path of the caller's. No token. */
import type { FastifyInstance } from 'fastify';
import type { Sandbox } from './context.ts';
import { sendFile } from './file-range.ts';
import { Refusal } from './refusal.ts';

export function addFileRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.get<{ Params: { name: string } }>(
    '/files/outputs/:name',
    { config: { endpoint: 'file' } },
    async (request, reply) => {
      const job = sandbox.store.jobs.get(request.params.name.replace(/\.mp4$/u, ''));
      if (job?.path == null || job.status !== 'completed' || job.isUrlDead)
        throw new Refusal(404, 'no such file', 'status');
      if (request.call !== null) request.call.session = job.session.id;
      return sendFile(request, reply, job.path, 'video/mp4', job.bytes, Math.floor(job.bytes * job.servedShare));
    },
  );

  app.get<{ Params: { id: string } }>('/files/media/:id', { config: { endpoint: 'file' } }, async (request, reply) => {
    const media = sandbox.store.media.get(request.params.id);
    if (media === undefined) throw new Refusal(404, 'no such file', 'status');
    return sendFile(request, reply, media.path, 'application/octet-stream', media.bytes);
  });
}
