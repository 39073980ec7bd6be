/**
 * The promise that every row is held to, off the upstream's own books: no turn twice in a session, a session charged
 * once at most, a completed file edited exactly once an instruction in its final session, its draft passed verbatim.
 */
import { must, same } from './row.ts';
import type { FileView, Ledger, SessionEntry } from './types.ts';

const sessionCost = 50;

export function holdPromise(
  ledger: Ledger,
  of: { readonly sessions: readonly SessionEntry[]; readonly files: readonly FileView[]; readonly mayRepeat: boolean },
): void {
  for (const session of of.sessions) holdSession(session, of.mayRepeat);
  const ids = new Set(of.sessions.map(({ id }) => id));
  const mismatches = ledger.draft_mismatches.filter(({ sessionId }) => ids.has(sessionId));
  same(mismatches.length, 0, 'renders of a draft that the upstream has not shown');
  for (const file of of.files) if (file.status === 'completed') holdFile(file, of.sessions);
}

function holdSession({ id, turns, charged, peakRenders, uploads }: SessionEntry, mayRepeat: boolean): void {
  const counted = turns.filter(({ appliedAt }) => !mayRepeat || appliedAt !== null).map(({ text }) => text);
  same(
    counted.filter((text, at) => counted.indexOf(text) !== at),
    [],
    `promise: turns twice in session ${id}`,
  );
  must(charged <= sessionCost, `promise: session ${id} was charged ${charged}`);
  must(peakRenders <= 1, `promise: ${peakRenders} exports of session ${id} at a time`);
  const names = uploads.map(({ name }) => name);
  must(new Set(names).size === names.length, `promise: uploaded twice into one session: ${names.join(', ')}`);
}

function holdFile(file: FileView, sessions: readonly SessionEntry[]): void {
  const session = sessions.find(({ id }) => id === file.session?.id);
  must(session !== undefined, `promise: the session of ${file.name} is not in the ledger`);
  const all = session.turns.filter(({ appliedAt }) => appliedAt !== null).map(({ text }) => text);
  // In a lane each turn names its file; the words of the instruction follow.
  const own = all.map((text) =>
    /^(?:Work on )?(\S+?)(?: alone, in place of what is on the timeline)?: (.*)$/su.exec(text),
  );
  const isLane = own.some((match) => match !== null && match[1] === file.name);
  const applied = isLane ? own.flatMap((match) => (match?.[1] === file.name ? [match[2] ?? ''] : [])) : all;
  same(applied, [...file.instructions], `promise: turns applied to ${file.name}`);
}
