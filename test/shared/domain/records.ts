/** Records, reads and faults to start a domain test from. Builders only: no test and no assertion lives here. */
import { decide } from '../../../src/shared/domain/decide.ts';
import type { CallFault, FileEvent, StateRead } from '../../../src/shared/domain/events.ts';
import type { FileProgress, FileRecord, Session, Source } from '../../../src/shared/domain/file.ts';
import type { FileState, Turn, Work, Working } from '../../../src/shared/domain/file-state.ts';
import { editingFrom, renderingFrom, uploadingFrom } from '../../../src/shared/domain/moves.ts';
import type { Policy } from '../../../src/shared/domain/policy.ts';

/** Redis' clock when a test starts, in ms. */
export const t0 = 1_800_000_000_000;

/** The defaults of the environment (design §9). */
export const policy: Policy = {
  rateLimitWaitMs: 30_000,
  rateLimitAttempts: 6,
  editTimeoutMs: 900_000,
  editSettleMs: 2_000,
  editRecheckFirstMs: 30_000,
  editRecheckMs: 60_000,
  editRechecks: 5,
  upstreamGiveUpMs: 1_800_000,
  renderPollMs: 30_000,
  renderMaxPolls: 10,
};

export const session: Session = { id: 'ses-1', taskId: 'task-1', account: 'acc', paid: false };
export const paidSession: Session = { ...session, paid: true };
export const logo: Source = { kind: 'url', url: 'https://example.com/logo.png' };
export const output = { url: 'https://cdn.example.com/out.mp4', renderId: 'render_1', durationMs: 1000, bytes: 10 };

export function aFile(state: FileState = { status: 'queued' }, changes: Partial<FileRecord> = {}): FileRecord {
  return {
    id: 'fil_1',
    batchId: 'bat_1',
    index: 0,
    input: {
      name: 'a.mp4',
      customId: null,
      source: { kind: 'url', url: 'https://example.com/a.mp4' },
      instructions: null,
      assets: [],
      metadata: {},
      destination: null,
    },
    instructions: ['trim', 'watermark'],
    assets: [],
    v: 1,
    run: 0,
    session: null,
    lane: null,
    laneHeld: false,
    uploaded: 0,
    applied: 0,
    settled: null,
    restarts: 0,
    paidSessions: 0,
    draftStored: false,
    timeline: null,
    steps: [],
    startedAt: null,
    kept: null,
    ownInstructions: null,
    ownAssets: null,
    ...changes,
    state,
  };
}

export const withDestination = (file: FileRecord): FileRecord => ({
  ...file,
  input: { ...file.input, destination: { putUrl: 'https://example.com/put' } },
});

const started: Partial<FileProgress> = { run: 1, startedAt: t0, session };
const uploadedAll: Partial<FileProgress> = { ...started, uploaded: 1 };

export const uploading = (state: Partial<Working<'uploading'>> = {}, changes: Partial<FileRecord> = {}): FileRecord =>
  aFile({ ...uploadingFrom('in', t0), ...state }, { ...started, ...changes });

export const aTurn = (changes: Partial<Turn> = {}): Turn => ({
  id: 'turn-1',
  sentAt: t0,
  before: 'A',
  mediaBefore: 0,
  pays: true,
  end: null,
  errorCode: null,
  upstreamCode: null,
  ...changes,
});

export const anEnd = (reply = '', tools: string[] = [], seen = true): NonNullable<Turn['end']> => ({
  seen,
  at: t0,
  reply,
  tools,
});

/** A file whose turn has been sent has been charged for it. */
const charged = (turn: Turn | null | undefined): Partial<FileProgress> =>
  turn === null || turn === undefined ? {} : { session: paidSession, paidSessions: 1, steps: [openEdit] };

const openEdit = {
  step: 'edit',
  instruction: 0,
  sessionId: 'ses-1',
  attempts: 1,
  startedAt: t0,
  finishedAt: null,
} as const;

export const editing = (state: Partial<Working<'editing'>> = {}, changes: Partial<FileRecord> = {}): FileRecord =>
  aFile({ ...editingFrom('in', t0), ...state }, { ...uploadedAll, ...charged(state.turn), ...changes });

export const checking = (state: Partial<Working<'checking'>> = {}, changes: Partial<FileRecord> = {}): FileRecord => {
  const turn = state.turn ?? aTurn();
  const { lookFirst: _look, turn: _turn, ...motion } = editingFrom('in', t0);
  return aFile(
    { ...motion, unchangedReads: 0, excludedMs: 0, ...state, status: 'checking', turn },
    { ...uploadedAll, ...charged(turn), ...changes },
  );
};

export const rendering = (state: Partial<Working<'rendering'>> = {}, changes: Partial<FileRecord> = {}): FileRecord =>
  aFile(
    { ...renderingFrom('in', t0), ...state },
    {
      ...uploadedAll,
      session: paidSession,
      paidSessions: 1,
      applied: 2,
      settled: 'A',
      draftStored: true,
      ...(state.render === null || state.render === undefined ? {} : { steps: [openRender] }),
      ...changes,
    },
  );

const openRender = {
  step: 'render',
  instruction: null,
  sessionId: 'ses-1',
  attempts: 1,
  startedAt: t0,
  finishedAt: null,
  renderId: 'render_1',
} as const;

export const aRender = (
  changes: Partial<NonNullable<Working<'rendering'>['render']>> = {},
): NonNullable<Working<'rendering'>['render']> => ({
  id: 'render_1',
  submitted: true,
  polls: 0,
  lookOnce: false,
  ...changes,
});

export const delivering = (state: Partial<Working<'delivering'>> = {}, changes: Partial<FileRecord> = {}): FileRecord =>
  withDestination(
    aFile(
      { place: 'in', due: t0, wait: null, tally: null, crashes: 0, output, ...state, status: 'delivering' },
      { ...rendering(), ...changes },
    ),
  );

export const completed = (changes: Partial<FileRecord> = {}): FileRecord =>
  aFile({ status: 'completed', output, finishedAt: t0 }, { ...rendering(), run: 9, ...changes });

export const failedAt = (
  file: FileRecord,
  code: Extract<FileState, { status: 'failed' }>['error']['code'] = 'forbidden',
): FileRecord => ({
  ...file,
  state: {
    status: 'failed',
    error: { code, step: 'edit', message: code, upstreamCode: null },
    at: workOf(file),
    finishedAt: t0,
  },
});

export const parkedAt = (file: FileRecord): FileRecord => ({
  ...file,
  state: { status: 'parked', reason: 'out_of_credits', at: workOf(file) },
});

function workOf(file: FileRecord): Work {
  const { state } = file;
  if ('place' in state) return state;
  throw new Error(`${state.status} is no work`);
}

export const aRead = (fingerprint: string, changes: Partial<StateRead> = {}): StateRead => ({
  fingerprint,
  steady: true,
  media: 1,
  generatedMedia: 0,
  renderable: true,
  timeline: { summary: `Timeline ${fingerprint}`, tracks: [] },
  ...changes,
});

export const aFault = (code: string, changes: Partial<CallFault> = {}): CallFault => ({
  fault: { code, upstreamCode: null, detail: '' },
  othersSucceeded: true,
  until: null,
  spread: 0,
  ...changes,
});

/** An event of the file's present run. */
export const faulted = (file: FileRecord, code: string, changes: Partial<CallFault> = {}): FileEvent => ({
  type: 'call-faulted',
  run: file.run,
  ...aFault(code, changes),
});

export const read = (file: FileRecord, fingerprint: string, changes: Partial<StateRead> = {}): FileEvent => ({
  type: 'state-read',
  run: file.run,
  read: aRead(fingerprint, changes),
});

/** `decide` with the defaults of the environment. */
export const after = (file: FileRecord, event: FileEvent, now: number = t0 + 1_000, by: Policy = policy): FileRecord =>
  decide(file, event, now, by);

/** The state, narrowed: a test that names the wrong status fails here. */
export function stateOf<S extends FileState['status']>(file: FileRecord, status: S): Extract<FileState, { status: S }> {
  const { state } = file;
  if (state.status !== status) throw new Error(`expected ${status}, found ${state.status}`);
  return state as Extract<FileState, { status: S }>;
}
