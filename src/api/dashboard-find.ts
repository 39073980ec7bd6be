/** Finds files by the beginning of their custom id, through the tenants' indexes: one range each, whatever their size. */
import { parseFileId } from '../shared/ids.ts';
import type { ApiContext } from './api-context.ts';

const mostFound = 200;
/** The last character of Unicode: what sorts behind every continuation. */
const last = '\u{10FFFF}';

export interface Found {
  readonly customId: string;
  readonly fileId: string;
  readonly batchId: string;
}

export async function findByCustomId(ctx: ApiContext, tenant: string | null, text: string): Promise<Found[]> {
  // As the script stores it: ASCII letters alone are folded.
  const begin = text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const names = tenant === null ? ctx.keyring.keys().map((key) => key.tenant) : [tenant];
  const tenants = new Set(tenant === null ? [...names, 'local'] : names);
  const found: Found[] = [];
  for (const name of tenants) {
    const key = ctx.keys.customIds(name);
    const members = await ctx.redis.zrangebylex(key, `[${begin}`, `[${begin}${last}`, 'LIMIT', 0, mostFound);
    found.push(...members.flatMap(toFound));
  }
  return found.slice(0, mostFound);
}

function toFound(member: string): Found[] {
  const at = member.lastIndexOf(' ');
  const fileId = member.slice(at + 1);
  const place = parseFileId(fileId);
  return place === null ? [] : [{ customId: member.slice(0, at), fileId, batchId: place.batchId }];
}
