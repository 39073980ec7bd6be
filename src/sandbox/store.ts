/** What the sandbox remembers: accounts, tokens, sessions, media, renders. In memory; bytes lie in `dataDir`. */
import type { Draft } from './draft.ts';

/** Whoever holds the credits: an anonymous client id, or a registered token. */
export interface Account {
  readonly id: string;
  readonly clientId: string | null;
  available: number;
  frozen: number;
  /** When the last anonymous token was given; renewing after 7 days brings new credits. */
  grantedAtMs: number;
  tokensIssued: number;
}

export interface Token {
  readonly token: string;
  readonly account: Account;
  /** 1 for an account's first token, 2 for its next: shows in the ledger which one a call used. */
  readonly version: number;
  expiresAtMs: number;
}

export type MediaKind = 'video' | 'image' | 'audio';

export interface Media {
  readonly id: string;
  readonly name: string;
  readonly kind: MediaKind;
  readonly path: string;
  readonly bytes: number;
  readonly durationMs: number;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly hasAudio: boolean;
}

export interface Session {
  readonly id: string;
  readonly taskId: string;
  readonly account: Account;
  readonly language: string;
  touchedAtMs: number;
  media: Media[];
  /** `generated_media`, as states show it. */
  generated: Record<string, unknown>[];
  /** Clips that were generated, as media that edits can use. */
  made: Media[];
  draft: Draft | null;
  /** Fingerprints of drafts that state reads have returned; a render must send one of them. */
  readonly served: Set<string>;
  isTurnRunning: boolean;
  isPaid: boolean;
  isForgotten: boolean;
  /** An earlier call came without one of the attribution headers: export will answer 402. */
  lacksAttribution: boolean;
  nextClip: number;
}

type JobStatus = 'pending' | 'processing' | 'completed' | 'failed';

/** One render. */
export interface Job {
  readonly id: string;
  readonly session: Session;
  readonly createdAtMs: number;
  status: JobStatus;
  progress: number;
  completedAtMs: number | null;
  path: string | null;
  bytes: number;
  durationMs: number;
  failure: string | null;
  polls: number;
  /** Faults that were drawn when it was submitted. */
  isStuck: boolean;
  isUrlDead: boolean;
  /** Serve only this share of the bytes; 1: all. */
  servedShare: number;
}

export interface Store {
  readonly accounts: Map<string, Account>;
  readonly tokens: Map<string, Token>;
  readonly sessions: Map<string, Session>;
  readonly media: Map<string, Media>;
  readonly jobs: Map<string, Job>;
}

export function createStore(): Store {
  return { accounts: new Map(), tokens: new Map(), sessions: new Map(), media: new Map(), jobs: new Map() };
}
