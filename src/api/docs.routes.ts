/** The OpenAPI document of every route, and the reference page made of it. The page asks nobody outside for anything. */
import { fastifySwagger } from '@fastify/swagger';
import { fastify, type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { version } from '../shared/version.ts';
import { addExamples } from './add-examples.ts';
import type { Api } from './api.ts';
import { describeUpload } from './describe-upload.ts';
import { guides } from './guides.routes.ts';
import { openWhenAsked } from './open-when-asked.ts';

const guideLinks = guides.map(({ name, title }) => `[${title}](/docs/guides/${name})`).join(' · ');

/** Before any route, so that it sees them all. */
export async function collectDocument(app: Api): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'batch-video',
        version,
        description: `Edits many videos at once. Errors are \`application/problem+json\` with a stable \`code\`.\n\nGuides: ${guideLinks}.`,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A key of API_KEYS.' } } },
      security: [{ key: [] }],
    },
    transform: (route) => describeUpload(jsonSchemaTransform(route)),
    transformObject: (document) => addExamples(withoutUnused(jsonSchemaTransformObject(document))),
  });
}

/** Every schema is there as input and as output, and most are only one of them. What is dropped may free others. */
function withoutUnused<Document extends object>(document: Document): Document {
  const { components } = document as { components?: { schemas?: Record<string, unknown> } };
  const schemas = components?.schemas ?? {};
  const text = JSON.stringify(document);
  const unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
  if (unused.length === 0) return document;
  const used = Object.fromEntries(Object.entries(schemas).filter(([name]) => !unused.includes(name)));
  return withoutUnused({ ...document, components: { ...components, schemas: used } });
}

/** The page's script sets itself up inline; nothing else on it is ours or a caller's. */
const pagePolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "frame-ancestors 'none'",
].join('; ');

export function addDocumentRoutes(app: Api): void {
  const config = { public: true };
  const schema = { hide: true };
  app.get('/openapi.json', { config, schema }, () => app.swagger());
  const ask = openWhenAsked(app, openReference);
  for (const path of ['', '/', '/js/scalar.js']) {
    app.get(`/docs${path}`, { config, schema }, async (request, reply) => {
      const { status, headers, body } = await ask(request);
      return reply.code(status).headers(headers).header('content-security-policy', pagePolicy).send(body);
    });
  }
}

async function openReference(): Promise<FastifyInstance> {
  const { default: scalarReference } = await import('@scalar/fastify-api-reference');
  const server = fastify();
  await server.register(scalarReference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'batch-video API',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      agent: { disabled: true },
      mcp: { disabled: true },
      proxyUrl: '',
    },
  });
  return server;
}
