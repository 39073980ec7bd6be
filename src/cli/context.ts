/** What every command works with. Tests give streams and an interrupt of their own. */
import type { Client } from '../client/create-client.ts';
import type { TextStream } from './display/display.ts';
import type { Interrupt } from './interrupt.ts';

export interface CliContext {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly interrupt: Interrupt;
}

/** With a client that ends with the interrupt; whoever opened it closes it. */
export interface ServiceContext extends CliContext {
  readonly client: Client;
}

export const exitCodes = { allDone: 0, someFailed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const print = (stream: TextStream, text: string): void => void stream.write(`${text}\n`);
