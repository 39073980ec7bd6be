/** The boundaries that the kill matrix dies at: before and after each save, each enqueue, each upstream call, each publish. */

export type Death = 'kill' | 'stop' | 'term';
export const deaths: readonly Death[] = ['kill', 'stop', 'term'];

const saves = [
  'admitted',
  'session-created',
  'uploaded',
  'upload-marked',
  'turn-sent',
  'turn-ended',
  'state-read',
  'render-planned',
  'render-submitted',
  'render-going-on',
  'rendered',
  'delivered',
] as const;
const calls = ['uploading', 'editing', 'rendering'] as const;

/** Saves inside a run enqueue nothing: dying after them is dying before the next call. */
export const points: readonly string[] = [
  'claim: claimed, not admitted',
  ...saves.flatMap((event) => [
    `save ${event}: before`,
    `save ${event}: saved, not enqueued`,
    `save ${event}: enqueued`,
  ]),
  ...calls.flatMap((status) => [`call while ${status}: before`, `call while ${status}: answered`]),
  'turn: fenced, not sent',
  'turn: ended, not saved',
  'publish: progress',
  'deliver: put, not saved',
  'notify: frozen, not sent',
  'notify: sent, not saved',
];

/** Here a turn was fenced, and nobody can know whether it was sent: an honest "unconfirmed" is right (design §4 (5)). */
export const mayStayUnconfirmed = (point: string): boolean =>
  point.startsWith('turn: fenced') || point.startsWith('save turn-sent');
