/**
 * What the dashboard's page and its server say to each other, as types alone: the page imports nothing else of the API.
 * Times are ms of the clock that due times are kept in (Redis').
 */
import type { FileStatus } from '../shared/domain/file-state.ts';
import type { ErrorCode } from '../shared/domain/error-codes.ts';
import type { Role } from '../shared/config/api-keys.ts';
import type { FileLogLine } from '../shared/file-log.ts';
import type { Figures } from '../shared/minute-figures.ts';
import type { BatchView } from '../shared/to-batch-resource.ts';
import type { FileResource } from './files.schema.ts';

export interface Me {
  /** Null: nobody has logged in. */
  readonly name: string | null;
  readonly role: Role;
  /** Without API_KEYS everybody on this machine is the admin. */
  readonly needsLogin: boolean;
  readonly version: string;
}

/** The page has a sentence and a button for each, in each language. */
export type AlarmCode =
  | 'no_worker'
  | 'work_not_taken'
  | 'out_of_credits'
  | 'token_invalid'
  | 'upstream_down'
  | 'rate_limited'
  | 'credits_short'
  | 'max_credits'
  | 'webhooks_failing'
  | 'many_failures'
  | 'mixed_versions'
  | 'redis_memory'
  | 'redis_not_durable'
  | 'paused_long';

export interface Alarm {
  readonly code: AlarmCode;
  readonly level: 'critical' | 'warning';
  readonly since: number | null;
  readonly count: number | null;
  /** A second figure of the sentence (credits that are there, a limit). */
  readonly other: number | null;
  readonly batchId: string | null;
  /** Where help is had outside; opened by a person, never by the page. */
  readonly url: string | null;
}

export interface TenantWaiting {
  readonly tenant: string;
  readonly files: number;
  readonly batches: number;
  readonly oldest: number;
}

export interface WorkerView {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly running: number;
  readonly rssBytes: number;
  readonly lastStepAt: number | null;
  readonly seenAt: number;
}

export interface AccountState {
  readonly kind: 'anonymous' | 'registered' | null;
  /** Null: not known now. */
  readonly available: number | null;
  readonly frozen: number | null;
  /** When the balance was read. */
  readonly readAt: number | null;
  /** By the sessions that were paid within the last hour. */
  readonly creditsPerHour: number;
  readonly emptyInMs: number | null;
  readonly inFlight: number;
  readonly window: number;
  readonly maxWindow: number;
  /** 0: no pause. */
  readonly until: number;
  readonly blocked: string | null;
  readonly blockedAt: number | null;
  readonly downSince: number | null;
  readonly helpUrl: string | null;
}

export interface QueueView {
  readonly name: string;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
}

export interface RedisView {
  readonly version: string;
  readonly latencyMs: number;
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  readonly appendOnly: boolean;
  readonly lastWriteOk: boolean;
  readonly policy: string;
  readonly keys: number;
}

/** A file that has been at its present run the longest. */
export interface SlowFile {
  readonly id: string;
  readonly batchId: string;
  readonly name: string;
  readonly status: FileStatus;
  readonly since: number;
  readonly waits: string | null;
}

export interface Overview {
  readonly now: number;
  /** Null: all tenants. */
  readonly tenant: string | null;
  /** Those that an admin may look at alone. */
  readonly tenants: readonly string[];
  readonly alarms: readonly Alarm[];
  /** The last 60 minutes, oldest first; and 24 hours as hours, oldest first. */
  readonly minutes: readonly Figures[];
  readonly hours: readonly Figures[];
  readonly counts: Readonly<Record<FileStatus, number>>;
  readonly openBatches: number;
  readonly waiting: readonly TenantWaiting[];
  readonly slow: readonly SlowFile[];
  readonly account: AccountState;
  readonly webhooks: { readonly due: number; readonly overdue: number; readonly oldestDue: number | null };
  readonly workers: readonly WorkerView[];
  readonly redis: RedisView;
}

export type BatchRow = BatchView & { readonly tenant: string };

export interface BatchRows {
  readonly rows: readonly BatchRow[];
  readonly offset: number;
  readonly total: number;
  /** Not every batch was looked at: there are too many for one request. */
  readonly partial: boolean;
  /** A file whose custom id was searched for: `batch id → file`. */
  readonly matched: Readonly<Record<string, { readonly fileId: string; readonly customId: string }>>;
}

export const batchSorts = ['newest', 'oldest', 'failed', 'remaining', 'total'] as const;
export type BatchSort = (typeof batchSorts)[number];

/** A file in a table: as little as a row shows. */
export interface FileRow {
  readonly id: string;
  readonly index: number;
  readonly name: string;
  readonly customId: string | null;
  readonly status: FileStatus;
  readonly progress: number;
  readonly note: string | null;
  readonly waits: { readonly reason: string; readonly until: string | null; readonly position: number | null } | null;
  readonly error: ErrorCode | null;
  readonly step: string | null;
  readonly attempts: number;
  readonly finishedAt: string | null;
}

export interface FileRows {
  readonly rows: readonly FileRow[];
  readonly offset: number;
  readonly total: number;
}

export interface FailureGroup {
  readonly code: ErrorCode;
  readonly step: string;
  readonly count: number;
  readonly message: string;
  readonly retryable: boolean;
  /** Those whose retry begins a new session cost one; the others go on in the session that is paid. */
  readonly credits: number;
  /** At most as many as one retry may name. */
  readonly fileIds: readonly string[];
}

export interface BatchDetail {
  readonly batch: BatchRow;
  readonly instructions: readonly string[];
  readonly webhookUrl: string | null;
  readonly maxSessions: number | null;
  readonly maxCredits: number | null;
  readonly failures: readonly FailureGroup[];
  /** What an unpaid rest of the batch may still cost. */
  readonly creditsToCome: number;
}

export interface FileDetail {
  readonly file: FileResource;
  readonly tenant: string;
  readonly batchName: string | null;
  readonly log: readonly FileLogLine[];
  readonly source: {
    readonly kind: 'url' | 'upload' | 'path';
    readonly name: string;
    readonly bytes: number | null;
    /** Ours to play; null where it would have to be fetched from outside. */
    readonly playUrl: string | null;
  };
  readonly live: { readonly progress: number | null; readonly note: string | null } | null;
  readonly paidSessions: number;
}

/** What the one event stream carries: which rows are old now, never the rows, so its cost is the reader's screen. */
export interface LiveMessages {
  readonly hello: { readonly now: number };
  readonly overview: Overview;
  readonly batches: { readonly ids: readonly string[] };
  /** `batch` null: gone. */
  readonly batch: { readonly batch: BatchRow | null };
  readonly files: { readonly indexes: readonly number[]; readonly all: boolean };
  /** Of each file the last one. */
  readonly progress: readonly {
    readonly file_id: string;
    readonly progress: number | null;
    readonly note: string | null;
  }[];
}
