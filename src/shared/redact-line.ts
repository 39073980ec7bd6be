/**
 * Blanks secrets out of one JSON log line: by the name of a field at any depth, and by what a text looks like (URLs,
 * bearer tokens, known token forms, configured secrets). It must never throw and never pass a suspicious line unread.
 */
import { redactUrl } from './redact-url.ts';

const blank = '[redacted]';
/** Names are compared in lower case without separators: `X-Api-Key`, `api_key` and `apiKey` are one. */
const secretName =
  /token|authorization|secret|password|apikey|cookie|prompt|instruction|signature|credential|^(key|body|rawbody|text|reply|draft|clientid|xclientid)$/;
const urlText = /[a-z][a-z0-9+.-]*:\/\/[^\s"'<>`]+/gi;
/** `Bearer …`, upstream tokens, claim tokens and webhook secrets. */
const tokenText = /\b(?:(bearer|basic)\s+[^\s"',;]+|nmv_[\w.-]+|clm_[\w.-]+|whsec_[\w+/=-]+)/gi;
/** A shorter configured secret would blank out ordinary words. */
const minSecretLength = 6;
/** Deeper than this is cut: a log line is not a place for trees. */
const maxDepth = 8;

type RedactText = (text: string) => string;

export function createLineRedactor(secrets: readonly string[]): (line: string) => string {
  const known = secrets.filter((secret) => secret.length >= minSecretLength);
  const redactText: RedactText = (text) => {
    const bare = known.reduce((rest, secret) => rest.replaceAll(secret, blank), text);
    return bare
      .replace(urlText, redactUrl)
      .replace(tokenText, (_, scheme?: string) => (scheme === undefined ? blank : `${scheme} ${blank}`));
  };
  return (line) => {
    try {
      return `${JSON.stringify(redactValue(JSON.parse(line), redactText, 0))}\n`;
    } catch {
      // Not JSON after all: losing a line is better than letting an unread one out.
      return `{"level":"error","msg":"A log line could not be redacted and was dropped"}\n`;
    }
  };
}

function redactValue(value: unknown, redactText: RedactText, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return '[too deep]';
  if (Array.isArray(value)) return value.map((entry) => redactValue(entry, redactText, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecret(name, inner) ? blank : redactValue(inner, redactText, depth + 1),
    ]),
  );
}

/** Numbers, flags and null under such a name are counts and states (`token_version: 3`), not secrets. */
function isSecret(name: string, value: unknown): boolean {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return false;
  return secretName.test(name.toLowerCase().replaceAll(/[^a-z]/g, ''));
}
