/** The ledger as the admin reads it: in full, or in figures. */
import type { Ledger, SessionRecord } from './ledger.ts';

/** Everything. `sinceMs` leaves out what is older, in tokens, sessions, renders and calls. */
export function toLedgerReport(ledger: Ledger, sinceMs: number) {
  const calls = [...ledger.calls.slice(ledger.nextCall), ...ledger.calls.slice(0, ledger.nextCall)];
  return {
    ...toLedgerSummary(ledger),
    tokens: ledger.tokens.filter((token) => token.at >= sinceMs),
    sessions: [...ledger.sessions.values()]
      .filter((session) => session.createdAt >= sinceMs)
      .map((session) => ({ ...session, calls: ledger.sessionCounts.get(session.id) ?? {} })),
    renders: [...ledger.renders.values()].filter((render) => render.createdAt >= sinceMs),
    draft_mismatches: ledger.draftMismatches.filter((mismatch) => mismatch.at >= sinceMs),
    calls: calls.filter((call) => call.at >= sinceMs),
  };
}

/** Figures alone, small also after a load test of many sessions. */
export function toLedgerSummary(ledger: Ledger) {
  const sessions = [...ledger.sessions.values()];
  const turns = sessions.flatMap((session) => session.turns);
  return {
    startedAt: ledger.startedAt,
    totals: {
      tokens: ledger.tokens.length,
      sessions: sessions.length,
      uploads: sessions.reduce((sum, session) => sum + session.uploads.length, 0),
      turns: turns.length,
      turns_applied: turns.filter((turn) => turn.appliedAt !== null).length,
      renders: ledger.renders.size,
      draft_mismatches: ledger.draftMismatches.length,
    },
    charged: sessions.reduce((sum, session) => sum + session.charged, 0),
    repeated_turns: sessions.flatMap(repeatedTurns),
    counts: Object.fromEntries(ledger.counts),
    faults: Object.fromEntries(ledger.faults),
  };
}

/** The same words twice in one session: a double send, unless the caller meant it. */
function repeatedTurns(session: SessionRecord) {
  const times = new Map<string, number>();
  for (const turn of session.turns) times.set(turn.text, (times.get(turn.text) ?? 0) + 1);
  return [...times]
    .filter(([, count]) => count > 1)
    .map(([text, count]) => ({ session: session.id, text, times: count }));
}
