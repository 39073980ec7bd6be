/** What the API is given beside the service's context. Whoever starts the process wires it. */
import type { Registry } from '@prometheus-io/client';
import type { Redis } from 'ioredis';
import type { Readable } from 'node:stream';
import type { Context } from '../shared/context.ts';
import type { Output } from '../shared/domain/file-state.ts';
import type { Session } from '../shared/domain/file.ts';
import type { Keyring } from '../shared/keyring.ts';
import type { Closing } from './closing.ts';
import type { Credits } from './credits.schema.ts';

/** An output's bytes on their way; `body` must be consumed or destroyed. */
export interface OpenedContent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

export interface ApiContext extends Context {
  /** For subscriptions only: a subscribed connection takes no other command. */
  readonly subscriber: Redis;
  readonly readCredits: (signal: AbortSignal) => Promise<Credits>;
  /** `range`: the value of a Range header. */
  readonly openContent: (output: Output, range: string | undefined, signal: AbortSignal) => Promise<OpenedContent>;
  /** Opens a session in a browser; null where that cannot be had now. Never waits long. */
  readonly openUrlOf: (session: Session) => Promise<string | null>;
  /** Who may call. */
  readonly keyring: Keyring;
  readonly metrics: Registry;
  readonly closing: Closing;
  /** Of workers in the same process: are steps being consumed? Null: no worker here. */
  readonly workerHealth: (() => { readonly ok: boolean; readonly detail: string }) | null;
}
