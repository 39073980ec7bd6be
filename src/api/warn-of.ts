/** What a caller should know of a request that is accepted all the same. Pure. */
import { mediaTypeOf, smoothExtensions } from '../shared/domain/media-type.ts';
import { instructionWarnings } from '../shared/domain/vague-instruction.ts';
import type { BatchRequest, Warning } from './batches.schema.ts';
import type { ToBeTakenIn } from './to-intake.ts';
import { pointerTo, type PathPart } from './pointer.ts';

/** The same fault in thousands of files is told for the first ones; the last line says how many more there are. */
const mostWarnings = 100;

export interface Estimate {
  readonly files: number;
  readonly sessions: number;
  readonly credits: number;
  /** The account's balance; null: not known now. */
  readonly available: number | null;
}

export function warnOf(request: BatchRequest, { files }: ToBeTakenIn, estimate: Estimate): Warning[] {
  const texts = new Map<string, Warning[]>();
  const found = [
    ...warnOfCredits(request, estimate),
    ...warnOfWebhook(request),
    ...warnOfInstructions(request.instructions, ['instructions'], texts),
    ...request.files.flatMap((file, at) => warnOfInstructions(file.instructions, ['files', at, 'instructions'], texts)),
    ...files.flatMap((file, at) => warnOfType(file.name, at)),
  ];
  if (found.length <= mostWarnings) return found;
  const more = found.length - mostWarnings;
  return [
    ...found.slice(0, mostWarnings),
    { code: 'more_warnings', detail: `${more} more warnings of these kinds.`, pointer: null },
  ];
}

export function warnOfCredits(request: BatchRequest, { credits, available }: Estimate): Warning[] {
  const warnings: Warning[] = [];
  if (available !== null && credits > available) {
    const detail = `About ${credits} credits are needed and ${available} are there; files that find none left wait.`;
    warnings.push({ code: 'credits_short', detail, pointer: null });
  }
  if (request.max_credits != null && credits > request.max_credits) {
    const detail = `About ${credits} credits are needed; beyond max_credits the batch waits for a resume.`;
    warnings.push({ code: 'max_credits_short', detail, pointer: '#/max_credits' });
  }
  return warnings;
}

function warnOfWebhook({ webhook }: BatchRequest): Warning[] {
  if (webhook == null || webhook.secret != null) return [];
  return [
    { code: 'webhook_unsigned', detail: 'Without a secret deliveries are not signed.', pointer: '#/webhook/secret' },
  ];
}

/** `texts`: judged already; thousands of files mostly share a few sentences. */
function warnOfInstructions(
  instructions: readonly string[] | null | undefined,
  path: readonly PathPart[],
  texts: Map<string, Warning[]>,
): Warning[] {
  return (instructions ?? []).flatMap((text, at) => {
    const known = texts.get(text) ?? instructionWarnings(text).map((warning) => ({ ...warning, pointer: null }));
    texts.set(text, known);
    return known.map((warning) => ({ ...warning, pointer: pointerTo([...path, at]) }));
  });
}

function warnOfType(name: string, at: number): Warning[] {
  const type = mediaTypeOf(name);
  if (type === null || type.kind !== 'video' || smoothExtensions.includes(type.extension)) return [];
  const detail = `${type.extension} is accepted; ${smoothExtensions.join(', ')} go most smoothly.`;
  return [{ code: 'less_smooth_type', detail, pointer: pointerTo(['files', at, 'source']) }];
}
