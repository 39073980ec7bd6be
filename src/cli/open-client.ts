/**
 * The client as the command uses it: over connections of its own, without the time limits of Node's own fetch, which
 * would end an upload over a slow line after five minutes. The client has limits of its own.
 */
import { Agent, fetch } from 'undici';
import { createClient, type Client, type ClientOptions } from '../client/create-client.ts';
import type { Fetch } from '../client/fetch.ts';

export type OpenedClient = Client & {
  /** Ends idle connections, and those that are in use. */
  readonly close: () => Promise<void>;
};

export function openClient(options: Omit<ClientOptions, 'fetch'>): OpenedClient {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const send: Fetch = (url, init) => fetch(url, { ...init, dispatcher });
  return { ...createClient({ ...options, fetch: send }), close: () => dispatcher.destroy() };
}
