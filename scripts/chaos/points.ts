/**
 * The boundaries that the kill matrix dies at, each on a way that leads there: before and after each save, each enqueue,
 * each call of the upstream, each publish, in workers and in the API.
 */
import { apiStories } from './api-stories.ts';
import type { Story } from './scene.ts';
import { workerStories } from './worker-stories.ts';

export type Death = 'kill' | 'stop' | 'term';
export const deaths: readonly Death[] = ['kill', 'stop', 'term'];

const stories = { ...workerStories, ...apiStories };
type StoryName = keyof typeof stories;

export interface Boundary {
  readonly point: string;
  readonly storyName: StoryName;
  readonly story: Story;
}

/** Saves inside a run enqueue nothing: dying after them is dying before the next call. */
const save = (...events: readonly string[]): string[] =>
  events.flatMap((event) => [`save ${event}: before`, `save ${event}: saved, not enqueued`, `save ${event}: enqueued`]);
const call = (...statuses: readonly string[]): string[] =>
  statuses.flatMap((status) => [`call while ${status}: before`, `call while ${status}: answered`]);
const run = (...steps: readonly string[]): string[] =>
  steps.flatMap((step) => [`run ${step}: taken, nothing done`, `run ${step}: over, job not ended`]);
const bulk = (action: string): string[] => [
  `bulk ${action}: asked, not marked`,
  `bulk ${action}: marked, not worked off`,
  `bulk ${action}: worked off, not unmarked`,
  `bulk ${action}: unmarked, not enqueued`,
  `bulk ${action}: done`,
];

/** First those that a kill leaves waiting for a lease: the token's (70 s), a half-taken batch's (30 s). */
const ways: readonly (readonly [StoryName, readonly string[]])[] = [
  ['tokenDies', ['token: lock taken, not asked', 'token: granted, not saved', 'token: saved, lock held']],
  [
    'intake',
    [
      'intake: opened',
      'intake: chunk added',
      'intake: before accept',
      'intake: nothing done',
      'intake: accepted, not answered',
    ],
  ],
  [
    'plain',
    [
      'claim: claimed, not admitted',
      ...save('admitted', 'session-created', 'upload-marked', 'uploaded', 'turn-sent', 'turn-ended', 'state-read'),
      ...save('render-planned', 'render-submitted', 'render-going-on', 'rendered', 'delivered'),
      ...run('upload', 'edit', 'render', 'deliver'),
      'run edit: goes on in place',
      'run render: goes on in place',
      ...call('uploading', 'editing', 'rendering'),
      'call outside runs: before',
      'call outside runs: answered',
      'balance before: read, not saved',
      'balance after: read, not saved',
      'turn: fenced, not sent',
      'turn: ended, not saved',
      'publish: progress',
      'publish: progress, sent',
      'deliver: opened, not put',
      'deliver: put, not saved',
      'notify: taken, not frozen',
      'notify: frozen, not sent',
      'notify: sent, not saved',
      'notify: saved (delivered), not enqueued',
    ],
  ],
  ['lane', ['claim: claimed, not admitted', 'save rendered: saved, not enqueued', 'turn: ended, not saved']],
  ['cut', [...call('checking'), 'save turn-ended: saved, not enqueued', 'save state-read: before']],
  ['limited', save('call-faulted', 'turn-not-taken', 'account-closed')],
  ['unsureUpload', save('upload-looked-for')],
  [
    'noCredits',
    ['save parked: before', ...save('unparked'), 'account: probed, not noted', 'account: noted, not unparked'],
  ],
  ['refused', save('delivery-refused')],
  ['rerender', save('render-failed')],
  ['sized', ['order: known, not saved']],
  ['unheard', ['notify: saved (again), not enqueued', 'notify: saved (again)']],
  ['gone', save('step-refused')],
  ['takenOver', save('crashed', 'turn-found-open')],
  ['uploadTakenOver', ['save crashed: saved, not enqueued', 'save upload-looked-for: before']],
  ['swept', ['sweep: found, not enqueued', 'sweep: enqueued']],
  ['paused', save('held')],
  ['empty', save('timeline-empty')],
  ['expires', [...bulk('expire'), ...save('expired')]],
  ['cancel', [...bulk('cancel'), ...save('canceled')]],
  ['retry', [...bulk('retry'), ...save('retried')]],
  ['resume', [...bulk('resume'), ...save('released')]],
  [
    'message',
    [
      'answer once: key taken, nothing done',
      ...save('messaged'),
      'answer once: done, answer not kept',
      'answer once: kept, not answered',
    ],
  ],
  ['upload', ['upload file: kept, not recorded', 'upload file: recorded, not answered']],
  ['redeliver', ['redeliver: saved, not enqueued']],
];

export const boundaries: readonly Boundary[] = ways.flatMap(([storyName, points]) =>
  points.map((point) => ({ point, storyName, story: stories[storyName] })),
);

/** Where a process that wakes up, or goes down in order, could do harm: around what is paid, stored, sent or asked for. */
const delicate =
  /^(turn: |save turn-sent: before|save render-planned: saved|notify: frozen|intake: accepted|answer once: key|bulk cancel: marked)/;

/**
 * A death right before a save is one after the call that it tells of; one behind an enqueue is one before the next call. What
 * bulk actions do before and after their work is the same for all: a cancel shows it.
 */
const isTwin = (point: string): boolean =>
  (/^save .*: (before|enqueued)$/.test(point) && !delicate.test(point)) ||
  /^bulk (expire|resume|retry): (asked|unmarked|done)/.test(point);

/** What is run without `--deaths`, in five minutes: kill -9 at each boundary that has no twin, the two others where they are delicate. */
export const isInSelection = ({ point }: Boundary, death: Death): boolean =>
  death === 'kill' ? !isTwin(point) : delicate.test(point);

/**
 * Where a turn was fenced, nobody can know whether it was sent: an honest "unconfirmed" is right (design §4 (5)). A
 * process that dies elsewhere may have another file in that window, but not all of them.
 */
export const mostUnconfirmed = ({ point, story }: Boundary, files: number): number => {
  const isThere = point.startsWith('turn: fenced') || point.startsWith('save turn-sent');
  return story.mayBeUnconfirmed === true || isThere ? files : files - 1;
};
