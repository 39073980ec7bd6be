/** Judges a message, shape and meaning in one answer. Nothing happens here. */
import type { FastifyRequest } from 'fastify';
import type { Source } from '../shared/domain/file.ts';
import { routeMessage, type MessageAction } from '../shared/domain/route-message.ts';
import type { ApiContext } from './api-context.ts';
import { messageRequestSchema } from './files.schema.ts';
import { assetPlaces } from './judge-batch.ts';
import { judgeSources } from './judge-sources.ts';
import type { ProblemError } from './problem.schema.ts';
import { invalid } from './refused-error.ts';
import { sourcesOf } from './to-intake.ts';
import { shapeFaults } from './validate.ts';

export interface Message {
  readonly action: MessageAction;
  readonly text: string | null;
  readonly assets: readonly Source[];
  readonly tenant: string;
}

export async function judgeMessage(ctx: ApiContext, request: FastifyRequest): Promise<Message> {
  const body = typeof request.body === 'object' && request.body !== null ? request.body : {};
  const places = assetPlaces('assets' in body ? body.assets : null, ['assets']);
  const { tenant } = request.caller;
  const { sources, errors } = await judgeSources(ctx, tenant, places);
  const all = [...request.bodyFaults, ...shapeFaults(request, messageRequestSchema), ...errors];
  if (all.length > 0) throw invalid(all);
  const parsed = messageRequestSchema.parse(request.body);
  const text = parsed.text ?? null;
  const action = text === null ? 'upload' : routeMessage(text);
  const assets = sourcesOf(parsed.assets, ['assets'], sources);
  const missing = missingParts(text, action, assets);
  if (missing !== null) throw invalid([missing]);
  return { action, text, assets, tenant };
}

function missingParts(text: string | null, action: MessageAction, assets: readonly Source[]): ProblemError | null {
  if (assets.length > 0) return null;
  if (text === null) return { pointer: '#', code: 'message_empty', detail: 'Give a text, assets or both.' };
  if (action !== 'upload') return null;
  return { pointer: '#/assets', code: 'assets_missing', detail: 'Name what is to be uploaded as assets.' };
}
