/** Holds requests against their schemas, all faults of a part at once, in our own error. */
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import type { ProblemError } from './problem.schema.ts';
import { RefusedError, invalid } from './refused-error.ts';
import { toProblemErrors, type Part } from './to-problem-errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler judges the body itself, shape and meaning together. */
    judgesBody?: boolean;
  }
}

const partOf: Readonly<Record<string, Part>> = {
  body: 'body',
  querystring: 'query',
  params: 'params',
  headers: 'headers',
};

export const compileValidator: FastifySchemaCompiler<z.core.$ZodType> = ({ schema, httpPart }) => {
  const part = partOf[httpPart ?? 'body'] ?? 'body';
  return (data: unknown) => {
    const parsed = z.core.safeParse(schema, data);
    if (parsed.success) return { value: parsed.data };
    const errors = toProblemErrors(parsed.error, schema, part);
    return { error: part === 'query' ? invalidQuery(errors) : invalid(errors) };
  };
};

const invalidQuery = (errors: readonly ProblemError[]): RefusedError =>
  new RefusedError({ status: 400, code: 'invalid_query', detail: 'The query has problems.', errors });

/** Faults of any place in the body join those of its shape in one answer. */
export async function refuseFaultyBody(request: FastifyRequest): Promise<void> {
  const { schema, config } = request.routeOptions;
  if (request.bodyFaults.length === 0 || config.judgesBody === true) return;
  throw invalid([...request.bodyFaults, ...shapeFaults(request, schema?.body)]);
}

/** Faults of the body's shape, but for what is said already about the same place. */
export function shapeFaults(request: FastifyRequest, schema: unknown): ProblemError[] {
  // Too deep to be walked by anything recursive.
  if (request.bodyFaults.some(({ code }) => code === 'too_deep') || !(schema instanceof z.ZodType)) return [];
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return [];
  const said = new Set(request.bodyFaults.map(({ pointer }) => pointer));
  return toProblemErrors(parsed.error, schema, 'body').filter(({ pointer }) => !said.has(pointer));
}
