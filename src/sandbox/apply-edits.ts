/** Edits → the next draft, or a question. All of an instruction is applied or none of it. Pure: no I/O, no clock. */
import { lengthOf, segmentsOf, settleDraft, VIDEO_TRACK, type Draft } from './draft.ts';
import { applyLook } from './apply-look.ts';
import { applyOverlay } from './apply-overlay.ts';
import type { EditContext, Step } from './edit-step.ts';
import type { Edit } from './instructions/edit.ts';
import { replies, type Language } from './replies.ts';
import { clipsOf, cutRange } from './timeline.ts';

export type Applied = { readonly draft: Draft } | { readonly question: string };

export function applyEdits(draft: Draft, edits: readonly Edit[], context: EditContext, language: Language): Applied {
  let current = draft;
  for (const edit of edits) {
    const step = applyEdit(current, edit, context);
    if ('ask' in step) return { question: step.ask(language) };
    // Settled after each edit, so that the next one sees the new length.
    current = settleDraft(step.draft);
  }
  return { draft: current };
}

function applyEdit(draft: Draft, edit: Edit, context: EditContext): Step {
  switch (edit.op) {
    case 'trim':
    case 'keep-end':
    case 'cut-range':
    case 'keep-range':
      return applyCut(draft, edit);
    case 'logo':
    case 'title':
    case 'music':
    case 'remove':
      return applyOverlay(draft, edit, context);
    case 'shape':
    case 'resize':
    case 'size':
    case 'speed':
    case 'volume':
    case 'fade':
    case 'rotate':
    case 'concat':
    case 'place':
    case 'generate':
      return applyLook(draft, edit, context);
    default:
      return edit satisfies never;
  }
}

type Cut = Extract<Edit, { readonly op: 'trim' | 'keep-end' | 'cut-range' | 'keep-range' }>;

/** "From all videos" cuts each placed clip; everything else cuts the timeline as a whole. */
function applyCut(draft: Draft, cut: Cut): Step {
  const segments = segmentsOf(draft, VIDEO_TRACK);
  const groups = cut.each ? clipsOf(segments) : [[...segments]];
  const left = groups.map((group) => cutGroup(group, cut));
  const shortest = Math.min(...groups.map(lengthOf));
  if (left.some((group) => group === null)) return { ask: replies.tooLong(Math.round(shortest / 100) / 10) };
  return {
    draft: withVideo(
      draft,
      left.flatMap((group) => group ?? []),
    ),
  };
}

function withVideo(draft: Draft, segments: ReturnType<typeof cutRange>): Draft {
  return { ...draft, t: draft.t.map((track) => (track.tt === VIDEO_TRACK ? { ...track, sg: segments } : track)) };
}

/** Null when nothing would be left, or the part asked for is not there. */
function cutGroup(group: ReturnType<typeof cutRange>, cut: Cut) {
  const total = lengthOf(group);
  const [fromMs, toMs] = rangeOf(cut, total);
  const isKept = cut.op === 'keep-end' || cut.op === 'keep-range';
  if (fromMs >= total || (cut.op === 'trim' && cut.ms >= total)) return null;
  const left = isKept ? cutRange(cutRange(group, toMs, total), 0, fromMs) : cutRange(group, fromMs, toMs);
  return left.length === 0 ? null : left;
}

function rangeOf(cut: Cut, totalMs: number): readonly [number, number] {
  if (cut.op === 'cut-range' || cut.op === 'keep-range') return [cut.fromMs, Math.min(cut.toMs, totalMs)];
  return cut.end === 'start' ? [0, Math.min(cut.ms, totalMs)] : [Math.max(0, totalMs - cut.ms), totalMs];
}
