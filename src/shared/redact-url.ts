/** Shows a URL without what may be secret in it: user, password, query and fragment (presigned URLs sign there). */

export function redactUrl(text: string): string {
  const [beforeQuery = ''] = text.split(/[?#]/, 1);
  // By text, not by URL: what does not parse must lose its secrets too. Greedy up to the last @ of the authority.
  return beforeQuery.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
}
