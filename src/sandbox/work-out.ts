/** Instruction → what the session's draft will be and what is answered. Reads the session, changes nothing. */
import { applyEdits } from './apply-edits.ts';
import { toSegment } from './apply-look.ts';
import type { Sandbox } from './context.ts';
import { createDraft, segmentsOf, settleDraft, VIDEO_TRACK, withSegments, type Draft } from './draft.ts';
import type { EditContext } from './edit-step.ts';
import { planGenerated } from './generate.ts';
import type { Edit } from './instructions/edit.ts';
import { parseInstruction } from './instructions/parse-instruction.ts';
import { readLane, type LaneForm } from './instructions/read-lane.ts';
import { replies, toLanguage, type Language } from './replies.ts';
import type { Media, Session } from './store.ts';

export type Outcome =
  | {
      readonly kind: 'edit';
      readonly edits: readonly Edit[];
      readonly planned: readonly Media[];
      readonly draft: Draft;
      readonly reply: string;
    }
  | { readonly kind: 'question'; readonly reply: string };

export function workOut(sandbox: Sandbox, session: Session, text: string): Outcome {
  // People are answered in the language they write; the session's is for sentences that show none.
  const language: Language = /\p{Script=Han}/u.test(text) ? 'zh' : toLanguage(session.language);
  const ask = (say: (language: Language) => string): Outcome => ({ kind: 'question', reply: say(language) });
  const names = session.media.map((media) => media.name);
  const lane = readLane(text, names);
  if (lane.kind === 'unknown') return ask(replies.noSuchMedia(lane.name));
  const parsed = parseInstruction(lane.instruction, names);
  if (parsed.kind === 'question') return ask(replies.notUnderstood(parsed.rest));
  const prompts = parsed.edits.flatMap((edit) => (edit.op === 'generate' ? [edit.prompt] : []));
  if (prompts.length > 0 && !sandbox.settings.generation) return ask(replies.noGeneration);
  const planned = prompts.map((prompt) => planGenerated(sandbox, prompt));
  const start = startOf(session, lane, parsed.edits[0]?.op === 'generate');
  if (typeof start === 'function') return ask(start);
  const context: EditContext = {
    media: [...session.media, ...session.made, ...planned],
    planned,
    canDraw: (words) => canDraw(sandbox, words),
  };
  const applied = applyEdits(start, parsed.edits, context, language);
  if ('question' in applied) return { kind: 'question', reply: applied.question };
  const reply = replies.done(Math.round(applied.draft.d / 100) / 10)(language);
  return { kind: 'edit', edits: parsed.edits, planned, draft: applied.draft, reply };
}

function canDraw(sandbox: Sandbox, words: string): boolean {
  return sandbox.tools === null || sandbox.settings.copy || sandbox.tools.fonts.fontFor(words) !== null;
}

/** The draft that the edits start from, or the question to ask. */
function startOf(session: Session, lane: LaneForm, isGenerating: boolean): Draft | ((language: Language) => string) {
  const placed = session.draft === null ? [] : segmentsOf(session.draft, VIDEO_TRACK);
  if (lane.kind === 'replace' || (lane.kind === 'same' && placed.length === 0)) {
    const named = session.media.findLast((media) => media.name === lane.name && media.kind !== 'audio');
    return named === undefined ? replies.noSuchMedia(lane.name) : draftOf(session, named);
  }
  if (lane.kind === 'same' && !placed.some((segment) => segment.m.name === lane.name))
    return replies.otherVideo(lane.name);
  if (session.draft !== null && placed.length > 0) return session.draft;
  const latest =
    session.media.findLast((media) => media.kind === 'video') ??
    session.media.findLast((media) => media.kind === 'image');
  if (latest === undefined) return isGenerating ? createDraft() : replies.noVideo;
  return draftOf(session, latest);
}

/** A timeline with this media alone. The revision goes on counting from the draft before. */
function draftOf(session: Session, media: Media): Draft {
  const blank = createDraft();
  const rev = session.draft?.['x_rev'] ?? blank['x_rev'];
  session.nextClip += 1;
  return settleDraft({ ...withSegments(blank, VIDEO_TRACK, [toSegment(media, session.nextClip)]), x_rev: rev });
}
