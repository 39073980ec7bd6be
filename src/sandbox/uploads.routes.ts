/** Uploads, by multipart or by URL. Files go to disk as they come in; nothing is put on the timeline. */
import { finished } from 'node:stream/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Call } from './call.ts';
import type { Sandbox } from './context.ts';
import { takeFault } from './faults.ts';
import { fetchMedia, storePart, type StoredFile } from './incoming.ts';
import { jsonOf } from './json-body.ts';
import { toMediaReply, readMedia } from './media.ts';
import { Refusal, refusals } from './refusal.ts';
import { sessionOf } from './sessions.ts';
import type { Media, Session } from './store.ts';

const urlsSchema = z.object({ urls: z.array(z.url()).min(1), source_type: z.literal('url').optional() });

export function addUploadRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.post<{ Params: { sid: string } }>(
    '/api/upload-video/nemo_agent/me/:sid',
    { config: { endpoint: 'upload' } },
    async (request, reply) => {
      const { call } = request;
      if (call === null) return undefined;
      const session = sessionOf(sandbox, call, request.params.sid);
      const by = request.isMultipart() ? 'multipart' : 'url';
      const files =
        by === 'multipart' ? await storeParts(sandbox, call, request) : await fetchAll(sandbox, call, request);
      if (files === null) return reply.hijack();
      if (files.length === 0) throw new Refusal(400, 'no files in the request');
      const media = await Promise.all(files.map(async (file) => read(sandbox, file)));
      await sandbox.clock.sleep(sandbox.random.between(300, 1000));
      return land(sandbox, call, session, media, by);
    },
  );
}

/** Null when the upload was cut on purpose: the socket is gone and nothing was taken. */
async function storeParts(sandbox: Sandbox, call: Call, request: FastifyRequest): Promise<StoredFile[] | null> {
  const cut = takeFault(sandbox.faults, call, 'upload-cut');
  const expected = Number(request.headers['content-length'] ?? 0);
  const stopAt = cut === null ? null : expected > 0 ? expected * cut.at : 64 * 1024;
  const files: StoredFile[] = [];
  let received = 0;
  try {
    for await (const part of request.parts({ limits: { fileSize: sandbox.settings.maxFileBytes } })) {
      if (part.type !== 'file') continue;
      const file = await storePart(sandbox, part, stopAt === null ? null : stopAt - received);
      if (file === 'cut') {
        request.raw.socket.destroy();
        return null;
      }
      received += file.bytes;
      files.push(file);
    }
  } catch (error) {
    // The rest is read and dropped, or a caller in mid-upload would see a reset instead of the refusal.
    await drain(request);
    throw error;
  }
  return files;
}

async function drain({ raw }: FastifyRequest): Promise<void> {
  raw.unpipe();
  raw.resume();
  if (!raw.readableEnded && !raw.destroyed) await finished(raw).catch(() => undefined);
}

async function fetchAll(sandbox: Sandbox, call: Call, request: FastifyRequest): Promise<StoredFile[] | null> {
  const { urls } = jsonOf(request, urlsSchema);
  const files: StoredFile[] = [];
  for (const url of urls) files.push(await fetchMedia(sandbox, url));
  if (takeFault(sandbox.faults, call, 'upload-cut') === null) return files;
  request.raw.socket.destroy();
  return null;
}

async function read(sandbox: Sandbox, file: StoredFile): Promise<Media> {
  try {
    return await readMedia(sandbox, file);
  } catch {
    // A name that is accepted and bytes that ffmpeg cannot read: the type is not what it says.
    throw refusals.unsupportedType(file.name);
  }
}

/** Puts the files into the media list and words the reply, as the faults want it. */
function land(sandbox: Sandbox, call: Call, session: Session, media: readonly Media[], by: 'multipart' | 'url') {
  const names = media.map((each) => each.name);
  const take = (name: 'upload-file-missing' | 'upload-reordered' | 'upload-not-applied' | 'upload-other-shape') =>
    takeFault(sandbox.faults, call, name, names) !== null;
  const late = takeFault(sandbox.faults, call, 'upload-lands-late', names);
  const isMissing = take('upload-file-missing');
  const isApplied = !take('upload-not-applied');
  const taken = isMissing ? media.slice(0, -1) : media;
  const put = (): void => record(sandbox, session, taken, by);
  if (late !== null) sandbox.background.add(sandbox.clock.sleepReal(late.delayMs).then(put));
  else if (isApplied) put();
  const files = taken.map((each) => toMediaReply(sandbox, each));
  if (take('upload-reordered')) files.reverse();
  if (take('upload-other-shape')) {
    return {
      code: 0,
      data: { uploaded_files: files.map(({ cdn_url: url, filename: name, ...rest }) => ({ url, name, ...rest })) },
    };
  }
  return { code: 0, data: { files, session_state_applied: isApplied } };
}

function record(sandbox: Sandbox, session: Session, media: readonly Media[], by: 'multipart' | 'url'): void {
  session.media = [...session.media, ...media];
  for (const each of media) {
    sandbox.store.media.set(each.id, each);
    const at = sandbox.clock.now();
    sandbox.ledger.sessions.get(session.id)?.uploads.push({ name: each.name, bytes: each.bytes, at, by });
  }
}
