/** The ledger: what was received, applied and charged, for tests to read. It records and never decides. */

const MAX_CALLS = 50_000;

export interface CallRecord {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly endpoint: string;
  readonly session: string | null;
  readonly status: number;
  readonly tokenVersion: number | null;
  /** All three `X-Skill-*` headers were there. */
  readonly hasAttribution: boolean;
  /** Names of the faults that this call met. */
  readonly faults: readonly string[];
}
export interface TurnRecord {
  readonly text: string;
  readonly receivedAt: number;
  appliedAt: number | null;
  charged: number;
  outcome: 'running' | 'applied' | 'question' | 'not-applied';
}
interface UploadRecord {
  readonly name: string;
  readonly bytes: number;
  readonly at: number;
  readonly by: 'multipart' | 'url';
}
export interface SessionRecord {
  readonly id: string;
  readonly token: string;
  readonly account: string;
  readonly language: string;
  readonly createdAt: number;
  charged: number;
  readonly uploads: UploadRecord[];
  readonly turns: TurnRecord[];
  renders: number;
  openRenders: number;
  /** Above 1: exports of one session overlapped, which callers are told not to do. */
  peakRenders: number;
}
interface RenderRecord {
  readonly id: string;
  readonly sessionId: string;
  readonly createdAt: number;
  status: string;
  /** How often the same id was posted again. */
  duplicates: number;
  /** The draft sent was none that a state read had returned. */
  draft_mismatch: boolean;
}
export interface EndpointCount {
  total: number;
  open: number;
  peak: number;
}

export interface Ledger {
  startedAt: number;
  tokens: { token: string; clientId: string | null; account: string; at: number }[];
  sessions: Map<string, SessionRecord>;
  renders: Map<string, RenderRecord>;
  counts: Map<string, EndpointCount>;
  sessionCounts: Map<string, Record<string, number>>;
  faults: Map<string, number>;
  draftMismatches: { renderId: string; sessionId: string; at: number }[];
  calls: CallRecord[];
  /** Index in `calls` that is written next once it is full: a ring. */
  nextCall: number;
}

export function createLedger(now: number): Ledger {
  return {
    startedAt: now,
    tokens: [],
    sessions: new Map(),
    renders: new Map(),
    counts: new Map(),
    sessionCounts: new Map(),
    faults: new Map(),
    draftMismatches: [],
    calls: [],
    nextCall: 0,
  };
}

/** Empties it. Open calls keep counting down from what they counted up, so `open` stays true. */
export function resetLedger(ledger: Ledger, now: number): void {
  const open = [...ledger.counts].map(
    ([name, count]) => [name, { total: 0, open: count.open, peak: count.open }] as const,
  );
  Object.assign(ledger, createLedger(now), { counts: new Map(open) });
}

export function countOf(ledger: Ledger, endpoint: string): EndpointCount {
  const known = ledger.counts.get(endpoint);
  if (known !== undefined) return known;
  const fresh = { total: 0, open: 0, peak: 0 };
  ledger.counts.set(endpoint, fresh);
  return fresh;
}

export function beginCall(ledger: Ledger, endpoint: string): void {
  const count = countOf(ledger, endpoint);
  count.total += 1;
  count.open += 1;
  count.peak = Math.max(count.peak, count.open);
}

export function endCall(ledger: Ledger, call: CallRecord): void {
  countOf(ledger, call.endpoint).open -= 1;
  if (call.session !== null) {
    const counts = ledger.sessionCounts.get(call.session) ?? {};
    counts[call.endpoint] = (counts[call.endpoint] ?? 0) + 1;
    ledger.sessionCounts.set(call.session, counts);
  }
  ledger.calls[ledger.nextCall] = call;
  ledger.nextCall = (ledger.nextCall + 1) % MAX_CALLS;
}
