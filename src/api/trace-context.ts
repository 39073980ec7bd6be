/** Reads what a caller says about itself in headers: the id of its request and its trace (W3C Trace Context). Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { parseTraceparent } from '../shared/tracing/tracing.ts';

/** Goes into logs and onto webhook requests, so it is a word, not a text. */
const requestIdForm = /^[A-Za-z0-9_.:@/+=-]{1,128}$/;

/** Null: none, or one that is not fit to be passed on. */
export function givenRequestId(headers: IncomingHttpHeaders): string | null {
  const given = headers['x-request-id'];
  return typeof given === 'string' && requestIdForm.test(given) ? given : null;
}

/** Null: none, or of a form that the standard says to ignore. */
export function givenTraceparent(headers: IncomingHttpHeaders): string | null {
  const given = headers['traceparent'];
  return typeof given === 'string' && parseTraceparent(given) !== null ? given : null;
}
