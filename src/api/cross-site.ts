/** Tells requests of our own page from those that another site makes a browser send. Looks at headers alone. */
import type { FastifyRequest } from 'fastify';

/** No form and no plain request of another site can carry a header of its own; with CORS it would have to ask first. */
const pageHeader = 'x-dashboard';

export const isFromPage = (request: FastifyRequest): boolean => request.headers[pageHeader] !== undefined;

/** Programs send neither header, so they pass: they are no browser that somebody else steers. */
export function isCrossSite({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return headers.origin !== undefined && hostOf(headers.origin) !== headers.host;
}

const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null);
