/**
 * Judges a request for a batch, shape and meaning in one answer (design §7), and makes of it what intake stores.
 * Nothing is stored here.
 */
import type { FastifyRequest } from 'fastify';
import type { Context } from '../shared/context.ts';
import { checkUrl, type UrlRules } from '../shared/guard/check-url.ts';
import type { Source } from '../shared/domain/file.ts';
import type { BatchRequest } from './batches.schema.ts';
import { judgeShape } from './judge-shape.ts';
import { judgeSources, type SourcePlace } from './judge-sources.ts';
import { pointerTo, type PathPart } from './pointer.ts';
import type { ProblemError } from './problem.schema.ts';
import { RefusedError, invalid } from './refused-error.ts';
import { unsupportedName } from './unsupported-name.ts';

export interface JudgedBatch {
  readonly request: BatchRequest;
  /** What each source and asset resolved to, by its pointer. */
  readonly sources: ReadonlyMap<string, Source>;
}

type Fields = Readonly<Record<string, unknown>>;

/** An answer that lists more would be larger than any request. */
const mostErrors = 100_000;

export async function judgeBatch(ctx: Context, request: FastifyRequest): Promise<JudgedBatch> {
  const { body, bodyFaults } = request;
  if (body === undefined || body === null) {
    throw new RefusedError({ status: 400, code: 'body_missing', detail: 'Send the batch as a JSON body.' });
  }
  const files = filesIn(body);
  const tooMany = tooManyFiles(ctx, files);
  const places = tooMany === null ? placesIn(body, files) : [];
  const judged = await judgeSources(ctx, request.caller.tenant, places);
  // Too deep to be walked by anything recursive.
  const isTooDeep = bodyFaults.some(({ code }) => code === 'too_deep');
  const shape = isTooDeep ? { request: null, errors: [] } : await judgeShape(body);
  const said = new Set(bodyFaults.map(({ pointer }) => pointer));
  const errors = [
    ...(tooMany === null ? [] : [tooMany]),
    ...bodyFaults,
    ...shape.errors.filter(({ pointer }) => !said.has(pointer)),
    ...judged.errors,
    ...judgeUrls(ctx, body, files),
    ...judgeNames(files),
    ...judgeCustomIds(files),
    ...judgeInstructions(body, files),
  ];
  if (errors.length > 0 || shape.request === null) throw invalid(errors.slice(0, mostErrors));
  return { request: shape.request, sources: judged.sources };
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const filesIn = (body: unknown): readonly Fields[] => listOf(fieldsOf(body)['files']).map(fieldsOf);

function tooManyFiles(ctx: Context, files: readonly Fields[]): ProblemError | null {
  // More than may ever wait would be refused for ever, so it is no matter of coming again.
  const most = Math.min(ctx.config.maxFilesPerBatch, ctx.config.maxWaitingFiles);
  if (files.length <= most) return null;
  return { pointer: '#/files', code: 'too_many_files', detail: `A batch has ${most} files at most.` };
}

function placesIn(body: unknown, files: readonly Fields[]): SourcePlace[] {
  return [
    ...assetPlaces(fieldsOf(body)['assets'], ['assets']),
    ...files.flatMap((file, at) => [
      { path: ['files', at, 'source'], value: file['source'] },
      ...assetPlaces(file['assets'], ['files', at, 'assets']),
    ]),
  ];
}

export const assetPlaces = (assets: unknown, path: readonly PathPart[]): SourcePlace[] =>
  listOf(assets).map((value, at) => ({ path: [...path, at], value }));

function judgeUrls(ctx: Context, body: unknown, files: readonly Fields[]): ProblemError[] {
  const { sourceAllowPrivate, webhookAllowPrivate } = ctx.config;
  return [
    ...judgeUrl(fieldsOf(fieldsOf(body)['webhook'])['url'], ['webhook', 'url'], { allowPrivate: webhookAllowPrivate }),
    ...files.flatMap((file, at) =>
      judgeUrl(fieldsOf(file['destination'])['put_url'], ['files', at, 'destination', 'put_url'], {
        allowPrivate: sourceAllowPrivate,
      }),
    ),
  ];
}

export function judgeUrl(value: unknown, path: readonly PathPart[], rules: UrlRules): ProblemError[] {
  if (typeof value !== 'string' || value === '') return [];
  const checked = checkUrl(value, rules);
  return checked.ok ? [] : [{ pointer: pointerTo(path), code: checked.code, detail: `${checked.detail}.` }];
}

function judgeNames(files: readonly Fields[]): ProblemError[] {
  return files.flatMap(({ name }, at) => {
    const fault = typeof name === 'string' ? unsupportedName(name, false) : null;
    return fault === null ? [] : [{ pointer: pointerTo(['files', at, 'name']), ...fault }];
  });
}

function judgeCustomIds(files: readonly Fields[]): ProblemError[] {
  const seen = new Map<string, number>();
  return files.flatMap(({ custom_id: id }, at) => {
    if (typeof id !== 'string') return [];
    const first = seen.get(id);
    if (first === undefined) seen.set(id, at);
    if (first === undefined) return [];
    const detail = `files/${first} has the same custom_id.`;
    return [{ pointer: pointerTo(['files', at, 'custom_id']), code: 'duplicate_custom_id', detail }];
  });
}

/** Own ones replace the batch's, an empty list too; a file that is left with none would be paid for and not edited. */
function judgeInstructions(body: unknown, files: readonly Fields[]): ProblemError[] {
  const ofBatch = fieldsOf(body)['instructions'];
  const batchHasSome = ofBatch != null && !(Array.isArray(ofBatch) && ofBatch.length === 0);
  const lacking = files.flatMap(({ instructions: own }, at) => {
    if (own == null) return batchHasSome ? [] : [{ at, pointer: '#/instructions' }];
    const isEmpty = Array.isArray(own) && own.length === 0;
    return isEmpty ? [{ at, pointer: pointerTo(['files', at, 'instructions']) }] : [];
  });
  const pointers = new Set(lacking.map(({ pointer }) => pointer));
  return [...pointers].map((pointer) => ({
    pointer,
    code: 'instructions_missing',
    detail: 'Every file needs an instruction, of its own or of the batch.',
  }));
}
