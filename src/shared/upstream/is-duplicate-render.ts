/**
 * Tells whether a refused render was refused because its id exists. The upstream has no code of its own for it and its
 * sources differ on the form, so this is the one place in the service that looks at the text of an error. Pure.
 */
import type { UpstreamFault } from './types.ts';

export function isDuplicateRender(
  fault: Pick<UpstreamFault, 'code' | 'upstreamCode' | 'httpStatus' | 'detail'>,
): boolean {
  // Codes with a meaning of their own are never read as anything else: "already exists" may stand in any of them.
  if (fault.code !== 'rejected' && fault.code !== 'server_error') return false;
  if (fault.upstreamCode === 409 || fault.httpStatus === 409) return true;
  return /\bduplicat(e|ed|ion)\b|\balready[\s_-]+(exists?|been|in[\s_-]use|submitted|used)\b|重复|已存在/i.test(
    fault.detail,
  );
}
