/** POST /uploads: the bytes are the body, whatever its content type, or the `file` field of a multipart form. */
import { fastifyMultipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { toTime } from '../shared/to-batch-resource.ts';
import type { Upload } from '../shared/upload-record.ts';
import type { Api } from './api.ts';
import type { ApiContext } from './api-context.ts';
import { dispositionName, fromHeader } from './disposition-name.ts';
import { pointerTo } from './pointer.ts';
import { receiveUpload, tooLarge } from './receive-upload.ts';
import { RefusedError, invalid } from './refused-error.ts';
import { fileName } from './request-parts.schema.ts';
import { problems } from './responses.ts';
import { uploadQuery, uploadSchema, type UploadResource } from './uploads.schema.ts';

/** What the form around a file may weigh. */
const formBytes = 1024 * 1024;
/** A client that goes on sending after a refusal gets this long to read the answer. */
const lingerMs = 10_000;

/** A plugin of its own: nowhere else may a body be anything but JSON. */
export async function uploadRoutes(app: Api, ctx: ApiContext): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(fastifyMultipart, { throwFileSizeLimit: false });
  app.addContentTypeParser('*', async (_request: FastifyRequest, payload: IncomingMessage) => payload);
  const receiving = new Set<Promise<Upload>>();
  // Those whose connection was cut for the end of the process still have to take their bytes off the disk.
  app.addHook('onClose', async () => {
    await Promise.allSettled(receiving);
  });
  app.post(
    '/uploads',
    {
      schema: {
        tags: ['uploads'],
        summary: 'Stream a file in, to be named as `upload_id`',
        consumes: ['application/octet-stream', 'multipart/form-data'],
        querystring: uploadQuery,
        response: { 201: uploadSchema, ...problems(400, 403, 408, 413, 415, 422, 507) },
      },
    },
    async (request, reply) => {
      const received = receive(ctx, request, request.query.name);
      receiving.add(received);
      try {
        return await reply.code(201).send(toResource(await received));
      } catch (error) {
        letRestGo(request);
        throw error;
      } finally {
        receiving.delete(received);
      }
    },
  );
}

async function receive(ctx: ApiContext, request: FastifyRequest, name: string | undefined): Promise<Upload> {
  const { maxFileBytes } = ctx.config;
  const isForm = request.isMultipart();
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxFileBytes + (isForm ? formBytes : 0)) throw tooLarge(maxFileBytes);
  const { body, filename } = isForm ? await fileOf(request, maxFileBytes) : bodyOf(request);
  try {
    return await receiveUpload(ctx, { tenant: request.caller.tenant, name: checkName(name ?? filename), body });
  } catch (error) {
    body.resume();
    throw error;
  }
}

function bodyOf(request: FastifyRequest): { body: Readable; filename: string | undefined } {
  if (request.body === undefined || request.body === null) {
    throw new RefusedError({ status: 422, code: 'empty_file', detail: 'The request has no body.' });
  }
  return { body: request.raw, filename: dispositionName(request.headers['content-disposition']) };
}

async function fileOf(request: FastifyRequest, maxBytes: number) {
  // One byte more, so that our own count notices.
  const part = await request.file({ limits: { fileSize: maxBytes + 1, files: 1 } }).catch((error: unknown) => {
    throw new RefusedError({ status: 400, code: 'invalid_form', detail: 'The form cannot be read.' }, { cause: error });
  });
  if (part !== undefined && part.fieldname === 'file') return { body: part.file, filename: fromHeader(part.filename) };
  part?.file.resume();
  const detail = 'The form has no field "file" with a file.';
  throw invalid([{ pointer: pointerTo(['file']), code: 'file_missing', detail }]);
}

function checkName(name: string | undefined): string {
  if (name === undefined || name === '') {
    const detail = 'Name the file by ?name=, Content-Disposition or the file name of the form field.';
    throw invalid([{ pointer: 'query:name', code: 'name_missing', detail }]);
  }
  const parsed = fileName.safeParse(name);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map(({ message }) => ({ pointer: 'query:name', code: 'invalid_name', detail: message })),
  );
}

/** Takes the rest of a refused body and forgets it, for a while: a client that still sends could not read the answer. */
function letRestGo({ raw }: FastifyRequest): void {
  if (raw.readableEnded || raw.destroyed) return;
  raw.resume();
  const timer = setTimeout(() => raw.destroy(), lingerMs);
  raw.once('close', () => clearTimeout(timer));
  raw.once('end', () => clearTimeout(timer));
}

const toResource = ({ id, name, bytes, sha256, expiresAt }: Upload): UploadResource => ({
  id,
  name,
  bytes,
  sha256,
  expires_at: toTime(expiresAt),
});
