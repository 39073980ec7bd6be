/**
 * Arbitrary requests that no route may take, out of the OpenAPI document: each operation with parameters and a body that
 * are near to what it says, and always with one thing in it that it forbids.
 */
import * as fc from 'fast-check';

export interface Malformed {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Texts that have broken something somewhere. */
const nasty = fc.constantFrom(
  '', ' ', '\0', '\ud800', '../../etc/passwd', '%00', '%', "'; DROP TABLE", '${7*7}', '__proto__', 'constructor', '-1', '1e999', 'NaN',
  'null', 'http://169.254.169.254/', 'http://[::1]/', 'file:///etc/passwd', 'javascript:1', 'bat_', `bat_${'0'.repeat(32)}`, `fil_${'0'.repeat(32)}_0`,
  'i99999999', 'aTA', '😀'.repeat(50), 'x'.repeat(5000), '0-0', '999999999999999-9999999999',
); // prettier-ignore
const text = fc.oneof(nasty, fc.string(), fc.string({ unit: 'binary' }));

/** Mostly of the wanted shape, each part of it sometimes anything at all. */
function near(schema: Schema, document: OpenApi, depth = 0): fc.Arbitrary<unknown> {
  const anything = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }), fc.double(), fc.constant(null));
  if (depth > 6) return anything;
  return fc.oneof({ arbitrary: shaped(schema, document, depth), weight: 4 }, { arbitrary: anything, weight: 1 });
}

function shaped(schema: Schema, document: OpenApi, depth: number): fc.Arbitrary<unknown> {
  const inner = (one: Schema): fc.Arbitrary<unknown> => near(one, document, depth + 1);
  if (schema.$ref !== undefined) {
    const found = document.components.schemas[schema.$ref.split('/').at(-1) ?? ''];
    return found === undefined ? text : shaped(found, document, depth);
  }
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(inner));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const { type = 'string' } = schema;
  switch (type) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {}).map(([name, one]) => [name, inner(one)] as const);
      return fc.record(Object.fromEntries(properties), { requiredKeys: [] });
    }
    case 'array':
      return fc.array(inner(schema.items ?? {}), { maxLength: 4 });
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger());
    case 'boolean':
      return fc.boolean();
    default:
      return text;
  }
}

const encoded = (value: string): string => {
  const clean = value.toWellFormed();
  return encodeURIComponent(clean);
};
/** As a header may hold it. */
const headerText = text.map((value) =>
  value
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 300)
    .trim(),
);

/** No JSON object of a request has this key, so whatever else is right, it is refused. */
const spoiled = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, 'no such key': 1 } : [value];

const bodyText = (schema: Schema, document: OpenApi): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: near(schema, document).map((value) => JSON.stringify(spoiled(value))), weight: 8 },
    { arbitrary: fc.string().map((value) => `{${value}`), weight: 1 },
    { arbitrary: fc.integer({ min: 40, max: 5000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)), weight: 1 },
  );

function requestOf(document: OpenApi, path: string, method: string, operation: Operation): fc.Arbitrary<Malformed> {
  const schema = operation.requestBody?.content['application/json']?.schema;
  const query = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name);
  const contentType = fc.oneof(
    { arbitrary: fc.constant('application/json'), weight: 8 },
    { arbitrary: fc.constantFrom('text/plain', 'multipart/form-data', 'application/json; charset=utf-16', 'x'), weight: 1 },
  ); // prettier-ignore
  return fc
    .record({
      segments: fc.array(text, { minLength: 2, maxLength: 2 }),
      query: fc.dictionary(fc.constantFrom('x', ...query), text, { minKeys: method === 'get' ? 0 : 1, maxKeys: 3 }),
      contentType: schema === undefined ? fc.constant('application/octet-stream') : contentType,
      idempotency: fc.option(headerText, { nil: undefined }),
      lastEventId: fc.option(headerText, { nil: undefined }),
      body: schema === undefined ? fc.string() : bodyText(schema, document),
    })
    .map((made) => {
      const [id = '', fileId = ''] = made.segments.map(encoded);
      const at = path.replace('{id}', id).replace('{file_id}', fileId);
      const search = Object.entries(made.query).map(([name, value]) => `${name}=${encoded(value)}`);
      return {
        method: method.toUpperCase(),
        path: search.length === 0 ? at : `${at}?${search.join('&')}`,
        headers: {
          ...(method === 'get' ? {} : { 'content-type': made.contentType }),
          ...(made.idempotency === undefined ? {} : { 'idempotency-key': made.idempotency }),
          ...(made.lastEventId === undefined ? {} : { 'last-event-id': made.lastEventId }),
        },
        body: method === 'get' ? null : made.body,
      };
    });
}

export function malformedRequests(document: OpenApi): fc.Arbitrary<Malformed> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestOf(document, path, method, operation)),
  );
  return fc.oneof(...operations);
}

/** What may come over a bare socket: heads with something wrong in them, and plain noise. */
export function malformedBytes(key: string): fc.Arbitrary<Buffer> {
  const auth = `Host: x\r\nAuthorization: Bearer ${key}`;
  const line = fc.constantFrom('GET /batches', 'POST /batches', 'POST /uploads?name=a.mp4', 'PUT /batches', 'BREW /x', 'GET //', 'OPTIONS *', 'CONNECT x:1');
  const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', 'http/1.1', '');
  const wrong = fc.constantFrom(
    'Content-Length: -1', 'Content-Length: 1e3', 'Content-Length: 5\r\nContent-Length: 6', 'Transfer-Encoding: chunked\r\nContent-Length: 3',
    'Transfer-Encoding: nonsense', 'Expect: 200-maybe', 'Upgrade: websocket\r\nConnection: Upgrade', 'X: \x01', ' folded', 'no colon',
    'Content-Type: multipart/form-data; boundary=', 'Content-Type: application/json\r\nContent-Length: 1', 'Range: bytes=9-1',
  ); // prettier-ignore
  const rest = fc.oneof(fc.constant('ZZ\r\n'), fc.constant('5\r\nab'), fc.string(), fc.constant('\0\0\0'));
  const head = fc
    .tuple(line, version, wrong, rest)
    .map(([first, which, header, after]) => Buffer.from(`${first} ${which}\r\n${auth}\r\n${header}\r\n\r\n${after}`, 'latin1'));
  const noise = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof({ arbitrary: head, weight: 3 }, { arbitrary: noise, weight: 1 });
} // prettier-ignore
