/** One event of each kind and flavour for a record, built from a few free numbers. Serves property tests and the diagram. */
import type { FileEvent } from '../../../src/shared/domain/events.ts';
import type { FileRecord } from '../../../src/shared/domain/file.ts';
import { faultCodes } from '../../../src/shared/domain/reactions.ts';
import { aFault, aRead, logo, output } from './records.ts';

export interface Dice {
  /** Added to the record's run: 0 for an event of the present run. */
  readonly stale: number;
  /** Makes new ids (sessions, turns, renders) unlike those before. */
  readonly nonce: number;
  readonly fingerprint: string;
  readonly flag: boolean;
  readonly until: number | null;
}

type Make = (file: FileRecord, dice: Dice) => FileEvent;

const turnIdOf = ({ state }: FileRecord, dice: Dice): string =>
  dice.stale === 0 && (state.status === 'editing' || state.status === 'checking') && state.turn !== null
    ? state.turn.id
    : `other-${dice.nonce}`;
const renderIdOf = ({ state }: FileRecord): string =>
  state.status === 'rendering' && state.render !== null ? state.render.id : 'render_0';
const runOf = (file: FileRecord, dice: Dice): number => file.run + dice.stale;
const newSession = (nonce: number) => ({ id: `ses-${nonce}`, taskId: null, account: 'acc', paid: false });

const ended =
  (seen: boolean, reply: string, code: string | null): Make =>
  (file, dice) => ({
    type: 'turn-ended',
    turnId: turnIdOf(file, dice),
    seen,
    reply,
    tools: dice.flag ? ['edit_multitrack'] : ['bgm'],
    error: code === null ? null : { code, upstreamCode: null, detail: '' },
  });

const messaged =
  (action: 'edit' | 'render' | 'upload', text: string | null): Make =>
  (_file, dice) => ({ type: 'messaged', action, text, assets: dice.flag ? [logo] : [] });

/** By name, so that a failing run reads well. Each kind of event is in it. */
export const catalogue: Readonly<Record<string, Make>> = {
  admitted: () => ({ type: 'admitted', session: null, lane: null }),
  'admitted to a lane': (_file, dice) => ({ type: 'admitted', session: newSession(1000 + dice.nonce), lane: 0 }),
  held: (file, dice) => ({ type: 'held', run: runOf(file, dice) }),
  released: () => ({ type: 'released' }),
  parked: (file, dice) => ({ type: 'parked', run: runOf(file, dice), reason: 'max_credits' }),
  unparked: () => ({ type: 'unparked' }),
  canceled: () => ({ type: 'canceled' }),
  retried: () => ({ type: 'retried' }),
  expired: () => ({ type: 'expired' }),
  'told more': messaged('edit', 'more'),
  'told to render': messaged('render', 'export'),
  'given assets': messaged('upload', null),
  'session-created': (file, dice) => ({
    type: 'session-created',
    run: runOf(file, dice),
    session: newSession(10 + dice.nonce),
  }),
  'upload-marked': (file, dice) => ({
    type: 'upload-marked',
    run: runOf(file, dice),
    item: file.uploaded,
    videosBefore: 0,
  }),
  uploaded: (file, dice) => ({ type: 'uploaded', run: runOf(file, dice), item: file.uploaded }),
  'upload-looked-for': (file, dice) => ({
    type: 'upload-looked-for',
    run: runOf(file, dice),
    item: file.uploaded,
    found: dice.flag,
  }),
  'state-read': (file, dice) => ({
    type: 'state-read',
    run: runOf(file, dice),
    read: aRead(dice.fingerprint, { renderable: dice.flag }),
  }),
  'state-read without media': (file, dice) => ({
    type: 'state-read',
    run: runOf(file, dice),
    read: aRead(dice.fingerprint, { media: 0 }),
  }),
  'turn-sent': (file, dice) => ({
    type: 'turn-sent',
    run: runOf(file, dice),
    turnId: `turn-${dice.nonce}`,
    read: aRead(dice.flag && file.settled !== null ? file.settled : dice.fingerprint),
  }),
  'turn-not-taken': (file, dice) => ({ type: 'turn-not-taken', turnId: turnIdOf(file, dice), fault: null }),
  ...Object.fromEntries(
    faultCodes.map((code): [string, Make] => [
      `turn-not-taken for ${code}`,
      (file, dice) => ({
        type: 'turn-not-taken',
        turnId: turnIdOf(file, dice),
        fault: aFault(code, { othersSucceeded: dice.flag, until: dice.until }),
      }),
    ]),
  ),
  'turn-ended': ended(true, '', null),
  'turn-ended with an answer': ended(true, 'which?', null),
  'turn-ended cut': ended(false, '', null),
  'turn-ended rate_limited': ended(true, '', 'rate_limited'),
  'turn-ended out_of_credits': ended(true, '', 'out_of_credits'),
  'turn-found-open': (file, dice) => ({ type: 'turn-found-open', run: runOf(file, dice) }),
  'timeline-empty': (file, dice) => ({ type: 'timeline-empty', run: runOf(file, dice) }),
  'render-planned': (file, dice) => ({
    type: 'render-planned',
    run: runOf(file, dice),
    renderId: `render_${dice.nonce}`,
  }),
  'render-submitted': (file, dice) => ({ type: 'render-submitted', run: runOf(file, dice) }),
  'render-going-on': (file, dice) => ({ type: 'render-going-on', run: runOf(file, dice), progress: null }),
  'render-failed': (file, dice) => ({ type: 'render-failed', run: runOf(file, dice), detail: '' }),
  rendered: (file, dice) => ({
    type: 'rendered',
    run: runOf(file, dice),
    output: { ...output, renderId: renderIdOf(file) },
  }),
  delivered: (file, dice) => ({ type: 'delivered', run: runOf(file, dice) }),
  'delivery-refused': (file, dice) => ({ type: 'delivery-refused', run: runOf(file, dice), detail: '' }),
  ...Object.fromEntries(
    faultCodes.map((code): [string, Make] => [
      `call-faulted by ${code}`,
      (file, dice) => ({
        type: 'call-faulted',
        run: runOf(file, dice),
        ...aFault(code, { othersSucceeded: dice.flag, until: dice.until, markedCall: dice.flag }),
      }),
    ]),
  ),
  'account-closed': (file, dice) => ({
    type: 'account-closed',
    run: runOf(file, dice),
    reason: 'upstream',
    until: dice.until ?? 0,
    spread: 0.5,
  }),
  'step-refused': (file, dice) => ({
    type: 'step-refused',
    run: runOf(file, dice),
    code: 'source_unreachable',
    detail: '',
  }),
  crashed: (file, dice) => ({ type: 'crashed', run: runOf(file, dice) }),
};
