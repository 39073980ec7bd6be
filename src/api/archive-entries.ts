/** How the outputs of a batch are called inside its ZIP, and what the manifest in it says. Pure. */
import type { FileRecord } from '../shared/domain/file.ts';

export const manifestName = 'manifest.ndjson';

const maxStemChars = 120;
/** Separators, what Windows forbids, control characters, and marks that turn the direction of a name. */
const unfit = /[/\\<>:"|?*\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The number in front makes it unique and keeps the order given; it never leads out of the folder. */
export function entryName({ index, input }: Pick<FileRecord, 'index' | 'input'>, total: number): string {
  const digits = String(total).length;
  const stem = input.name
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .normalize('NFC')
    .replaceAll(unfit, '_')
    .replaceAll(/^[. ]+|[. ]+$/g, '');
  const short = Array.from(stem).slice(0, maxStemChars).join('');
  return `${String(index + 1).padStart(digits, '0')}-${short === '' ? 'file' : short}.mp4`;
}

/** `broken`: cut in the middle, what is there is not the whole. `missing`: the upstream did not serve it. */
export type MemberFault = 'broken' | 'missing';

export function manifestLine(file: FileRecord, member: { name: string | null; fault: MemberFault | null }): string {
  const state = member.fault ?? (member.name === null ? 'no_output' : 'complete');
  const { id, index, input } = file;
  const row = { index, file_id: id, name: input.name, custom_id: input.customId, status: file.state.status };
  return `${JSON.stringify({ ...row, entry: state === 'missing' ? null : member.name, state })}\n`;
}
