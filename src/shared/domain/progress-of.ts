/**
 * How far a file has come, 0 to 100 in whole numbers. Never goes down along the normal way; a new session starts it
 * again, and that is the truth then. What is not finished stays below 100.
 *
 * Upload has 0–20, edits 20–75, the render 75–95, delivery 95–99. A failed or parked file stands where its step
 * stopped; a canceled one keeps no step, so it shows what its session had got to: uploads, instructions applied.
 */
import type { FileRecord } from './file.ts';
import type { Turn, Work, Working } from './file-state.ts';

const uploadShare = 20;
const editShare = 55;
const renderShare = 20;

export function progressOf(file: FileRecord): number {
  const { state } = file;
  switch (state.status) {
    case 'queued':
      return 0;
    case 'completed':
      return 100;
    case 'canceled':
      return Math.floor(ofSession(file));
    case 'parked':
    case 'failed':
      return Math.floor(ofWork(file, state.at));
    case 'uploading':
    case 'editing':
    case 'checking':
    case 'rendering':
    case 'delivering':
      return Math.floor(ofWork(file, state));
  }
}

function ofWork(file: FileRecord, work: Work): number {
  switch (work.status) {
    case 'uploading':
      return ofUploads(file, work.mark === null ? 0 : 0.5);
    case 'editing':
      return ofEdits(file, work.lookFirst ? 0 : partOfTurn(work.turn));
    case 'checking':
      return ofEdits(file, settlingPart);
    case 'rendering':
      return uploadShare + editShare + renderShare * partOfRender(work.render);
    case 'delivering':
      return uploadShare + editShare + renderShare;
  }
}

const ofUploads = ({ uploaded, assets }: FileRecord, part: number): number =>
  (uploadShare * (uploaded + part)) / (1 + assets.length);

const ofEdits = ({ applied, instructions }: FileRecord, part: number): number =>
  uploadShare + (editShare * (applied + part)) / Math.max(1, instructions.length);

function ofSession(file: FileRecord): number {
  return file.uploaded > file.assets.length ? ofEdits(file, 0) : ofUploads(file, 0);
}

/** The stream is most of a turn; reading until its effect has settled is the rest. */
const streamPart = 0.4;
const settlingPart = 0.8;

function partOfTurn(turn: Turn | null): number {
  if (turn === null) return 0;
  return turn.end === null ? streamPart : settlingPart;
}

/** A render takes one to three polls (30–90 s): half-way after two, never quite there however many follow. */
function partOfRender(render: Working<'rendering'>['render']): number {
  if (render === null) return 0;
  return render.submitted ? 0.2 + (0.8 * render.polls) / (render.polls + 2) : 0.1;
}
