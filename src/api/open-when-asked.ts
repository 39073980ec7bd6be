/**
 * Pages of a plugin that is loaded when somebody asks for one of them: the two there are take as long to load as the rest
 * of the API. The plugin lives in a server of its own, which never listens.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Api } from './api.ts';

export interface PageAnswer {
  readonly status: number;
  /** Of what the plugin said, the headers that belong to its body, and where to go instead. */
  readonly headers: Readonly<Record<string, string | number | string[]>>;
  readonly body: Buffer;
}

const passedOn = ['content-type', 'cache-control', 'etag', 'last-modified', 'location'] as const;

export function openWhenAsked(
  app: Api,
  open: () => Promise<FastifyInstance>,
): (request: FastifyRequest) => Promise<PageAnswer> {
  let server: Promise<FastifyInstance> | null = null;
  app.addHook('onClose', async () => {
    await (await server)?.close();
  });
  return async ({ url }) => {
    server ??= open();
    const { statusCode, headers, rawPayload } = await (await server).inject({ method: 'GET', url });
    const kept = passedOn.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]));
    return { status: statusCode, headers: Object.fromEntries(kept), body: rawPayload };
  };
}
