/** One short question to a server on a socket, over a connection of its own. Never retries: the caller decides. */
import { Redis } from 'ioredis';

const answerTimeoutMs = 2_000;

export type ServerFacts = { processId: number; isLoading: boolean; version: string };

/** Null when nobody answers there. */
export async function askServer(socketPath: string): Promise<ServerFacts | null> {
  return withConnection(socketPath, async (client) => {
    const info = await client.info();
    const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
    return {
      processId: Number(field('process_id')),
      isLoading: field('loading') === '1',
      version: field('valkey_version') || field('redis_version'),
    };
  });
}

/** Orderly: the append-only file is flushed and synced first. NOSAVE leaves out the snapshot, which we don't use. */
export async function askToShutDown(socketPath: string): Promise<void> {
  await withConnection(socketPath, (client) => client.call('SHUTDOWN', 'NOSAVE'));
}

async function withConnection<Answer>(
  socketPath: string,
  ask: (client: Redis) => Promise<Answer>,
): Promise<Answer | null> {
  const client = new Redis(socketPath, {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    connectTimeout: answerTimeoutMs,
    commandTimeout: answerTimeoutMs,
    disableClientInfo: true,
  });
  client.on('error', () => {
    // Told by the rejected question already.
  });
  try {
    await client.connect();
    return await ask(client);
  } catch {
    // No server, no socket, or one that went away while it answered: "nobody" in each case.
    return null;
  } finally {
    client.disconnect();
  }
}
