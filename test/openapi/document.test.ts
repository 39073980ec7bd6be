/** The OpenAPI document: every operation that speaks JSON has examples, and each fits the schema that it stands beside. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { z } from 'zod';
import { addExamples, isJson, storedExamples } from '../../src/api/add-examples.ts';
import { openTestApi } from '../api/open-test-api.ts';
import { openTestRedis } from '../redis-server.ts';

type Json = Record<string, unknown>;
interface Media {
  readonly schema: Json;
  readonly examples?: Readonly<Record<string, { readonly value?: unknown; readonly $ref?: string }>>;
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Json;
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>;
  };
}

let document: OpenApi;
before(async () => {
  const redis = await openTestRedis();
  const api = await openTestApi(redis.socketPath);
  document = (await api.app.inject('/openapi.json')).json();
  await api.close();
  await redis.close();
});

/** These take half a minute of silence, or a full disk. */
const withoutExample = new Set(['408', '507']);

interface Place {
  readonly where: string;
  readonly status: string | null;
  readonly media: Media;
}

function placesOf({ paths }: OpenApi): Place[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody, responses }]) => [
      ...jsonOf(`${method} ${path}`, null, requestBody?.content),
      ...Object.entries(responses).flatMap(([status, { content }]) => jsonOf(`${method} ${path}`, status, content)),
    ]),
  );
}

const jsonOf = (operation: string, status: string | null, content: Readonly<Record<string, Media>> = {}): Place[] =>
  Object.entries(content)
    .filter(([type]) => isJson(type))
    .map(([, media]) => ({ where: `${operation} ${status ?? 'request'}`, status, media }));

const lacking = (of: OpenApi): string[] =>
  placesOf(of)
    .filter(({ status, media }) => media.examples === undefined && !withoutExample.has(status ?? ''))
    .map(({ where }) => where);

/** What the published schema says of a value, as a generated client would see it; an unknown key is a fault, too. */
function faultsOf(of: OpenApi, { where, media }: Place): string[] {
  const schema = schemaOf(of, JSON.stringify(media.schema));
  return Object.entries(media.examples ?? {}).flatMap(([name, { value, $ref }]) => {
    const found = $ref === undefined ? value : of.components.examples[$ref.split('/').at(-1) ?? '']?.value;
    const { error } = schema.safeParse(found);
    return error === undefined ? [] : [`${where} ${name}: ${error.message}`];
  });
}

const schemas = new Map<string, z.ZodType>();
/** Most places share the schema of a problem. */
function schemaOf({ components }: OpenApi, text: string): z.ZodType {
  const $defs = JSON.stringify(components.schemas);
  const whole = `{"$defs":${$defs},"allOf":[${text}]}`.replaceAll('#/components/schemas/', '#/$defs/');
  const schema = schemas.get(text) ?? z.fromJSONSchema(JSON.parse(whole));
  schemas.set(text, schema);
  return schema;
}

test('has an example for every JSON request and answer', () => {
  assert.deepEqual(lacking(document), []);
});

test('misses the example of a route that has none', () => {
  const { operations, problems } = storedExamples();
  const { 'get /credits': _, ...rest } = operations;
  const poorer = addExamples(withoutExamples(document), { operations: rest, problems });
  assert.deepEqual(lacking(poorer), ['get /credits 200']);
});

const withoutExamples = (of: OpenApi): OpenApi =>
  JSON.parse(JSON.stringify(of, (key, value: unknown) => (key === 'examples' ? undefined : value)));

test('has examples that fit their schemas', () => {
  assert.deepEqual(
    placesOf(document).flatMap((place) => faultsOf(document, place)),
    [],
  );
});

test('notices an example that does not fit', () => {
  const place = placesOf(document).find(({ where }) => where === 'get /credits 200');
  assert.ok(place);
  const examples = { wrong: { value: { available: '100' } }, more: { value: { ...sample(place), debt: 1 } } };
  assert.equal(faultsOf(document, { ...place, media: { ...place.media, examples } }).length, 2);
});

const sample = ({ media }: Place): Json => Object.values(media.examples ?? {})[0]?.value as Json;

test('uses every stored example, and each of its problems', () => {
  const text = JSON.stringify(document.paths);
  for (const name of Object.keys(document.components.examples))
    assert.ok(text.includes(`"#/components/examples/${name}"`), name);
  const known = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  for (const operation of Object.keys(storedExamples().operations)) assert.ok(known.includes(operation), operation);
});

test('has no body where there is none', () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { responses }] of Object.entries(methods))
      assert.deepEqual(Object.keys(responses['304']?.content ?? {}), [], `${method} ${path}`);
});
