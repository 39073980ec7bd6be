/** How a running batch is shown. Three ways: bars on a terminal, lines in a pipe, JSON lines for programs. */
import type { BatchResource } from '../../api/batches.schema.ts';
import type { FileResource } from '../../api/files.schema.ts';
import type { BatchView, FileView } from '../batch-view.ts';

/** Local files on their way to the service. */
export interface Sending {
  readonly filesSent: number;
  readonly files: number;
  readonly bytesSent: number;
  readonly bytes: number;
}

export type Change =
  | { readonly type: 'batch'; readonly batch: BatchResource; readonly isNewStatus: boolean }
  | { readonly type: 'file'; readonly file: FileView; readonly resource: FileResource; readonly isNewStatus: boolean }
  | { readonly type: 'progress'; readonly file: FileView }
  | { readonly type: 'connection'; readonly isConnected: boolean };

export interface Display {
  /** A sentence for people; JSON leaves it out. */
  say(text: string): void;
  sending(sending: Sending): void;
  changed(view: BatchView, change: Change): void;
  saved(file: FileView, path: string): void;
  notSaved(file: FileView, reason: string): void;
  /** Stops redrawing and leaves the last picture; more may be said after it. */
  settle(): void;
}

/** The parts of a stream that are needed: process.stdout, or a stand-in of a test. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  hasColors?(): boolean;
}
