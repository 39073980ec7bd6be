/**
 * Answers with a resource under a weak ETag, or 304 where the caller has it already. What changes with the clock alone
 * is left out of the tag: it says that nothing has happened.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Places in a list, estimates of an end, and links that are signed anew each time. */
const fleeting = new Set(['eta', 'position', 'open_url']);

export function sendTagged(request: FastifyRequest, reply: FastifyReply, resource: object): FastifyReply {
  const tag = tagOf(resource);
  reply.header('etag', tag).header('cache-control', 'private, no-cache');
  if (isKnown(request.headers['if-none-match'], tag)) return reply.code(304).send();
  return reply.code(200).send(resource);
}

function tagOf(resource: object): string {
  const text = JSON.stringify(resource, (name, value: unknown) => (fleeting.has(name) ? undefined : value));
  return `W/"${createHash('sha1').update(text).digest('base64url')}"`;
}

/** The weak comparison of RFC 9110 §13.1.2: `W/` does not count. */
function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const bare = (text: string): string => text.trim().replace(/^W\//, '');
  return header.split(',').some((one) => bare(one) === bare(tag));
}
