/** The file name in a Content-Disposition header (RFC 6266), the extended form first. Pure. */

export function dispositionName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const extended = /;\s*filename\*\s*=\s*UTF-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (extended !== undefined) return decode(extended);
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1];
  if (quoted !== undefined) return fromHeader(quoted.replaceAll(/\\(.)/g, '$1'));
  const bare = /;\s*filename\s*=\s*([^;\s"]+)/i.exec(header)?.[1];
  return bare === undefined ? undefined : fromHeader(bare);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // not percent-encoded UTF-8: as if it were not there
  }
}

/** Node hands headers over as Latin-1, and most clients put UTF-8 there. */
export function fromHeader(text: string): string {
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.includes('\uFFFD') ? text : decoded;
}
