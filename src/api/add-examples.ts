/**
 * Puts the stored examples into the OpenAPI document. They are answers that the service has really given, with ids, times
 * and hosts made steady; test/slow/openapi-examples.slow.ts takes them anew and compares. Pure.
 */
import { z } from 'zod';
import { problemType } from './problem.ts';
import stored from './openapi-examples.json' with { type: 'json' };

const byName = z.record(z.string(), z.unknown());
const examplesSchema = z.object({
  /** By method and path, as in the document: `post /batches`. */
  operations: z.record(
    z.string(),
    z.object({ request: byName.optional(), answers: z.record(z.string(), byName).optional() }),
  ),
  /** Refusals, each once for all the operations that it is an answer of: `*` all, `post *` all of a method. */
  problems: z.record(z.string(), z.object({ at: z.array(z.string()), value: z.looseObject({ status: z.int() }) })),
});
export type Examples = z.infer<typeof examplesSchema>;

const mediaType = z.looseObject({ schema: z.unknown() });
const content = z.record(z.string(), mediaType).optional();
const operationSchema = z.looseObject({
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content })),
});
type Operation = z.infer<typeof operationSchema>;
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({}).optional(),
});

export const storedExamples = (): Examples => examplesSchema.parse(stored);

export function addExamples<Document extends object>(
  document: Document,
  { operations, problems }: Examples = storedExamples(),
): Document {
  const { paths, components, ...rest } = documentSchema.parse(document);
  const withExamples = mapValues(paths, (methods, path) =>
    mapValues(methods, (operation, method) => {
      const name = `${method} ${path}`;
      return exemplify(operation, operations[name] ?? {}, problemsOf(problems, name));
    }),
  );
  const examples = mapValues(problems, ({ value }) => ({ value }));
  return { ...rest, paths: withExamples, components: { ...components, examples } } as unknown as Document;
}

/** By status, as references: a refusal stands in the document once. */
function problemsOf(problems: Examples['problems'], operation: string): Record<string, Record<string, object>> {
  const names = ['*', `${operation.split(' ')[0]} *`, operation];
  const byStatus: Record<string, Record<string, object>> = {};
  for (const [name, { at, value }] of Object.entries(problems)) {
    if (!names.some((one) => at.includes(one))) continue;
    byStatus[value.status] = { ...byStatus[value.status], [name]: { $ref: `#/components/examples/${name}` } };
  }
  return byStatus;
}

function exemplify(
  { requestBody, responses, ...rest }: Operation,
  { request, answers = {} }: Examples['operations'][string],
  problems: Record<string, Record<string, object>>,
): Operation {
  const withExamples = mapValues(responses, (response, status) => ({
    ...response,
    ...exemplifyContent(response.content, answers[status], problems[status]),
  }));
  const body = requestBody && { requestBody: { ...requestBody, ...exemplifyContent(requestBody.content, request) } };
  return { ...rest, ...body, responses: withExamples };
}

/** Only what is JSON: a line of NDJSON too, no table and no video. */
function exemplifyContent(
  given: z.infer<typeof content>,
  values: Record<string, unknown> | undefined,
  problems?: Record<string, object>,
): { content?: typeof given } {
  if (given === undefined) return {};
  const named = values && mapValues(values, (value) => ({ value }));
  return {
    content: mapValues(given, (media, type) => {
      const examples = type === problemType ? problems : isJson(type) ? named : undefined;
      return examples === undefined ? media : { ...media, examples };
    }),
  };
}

export const isJson = (type: string): boolean => /^application\/(?:[\w.-]+\+)?(?:x-nd)?json$/.test(type);

const mapValues = <From, To>(record: Record<string, From>, map: (value: From, key: string) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
