/**
 * Counts the commands that clients send to Redis. INFO cannot tell: `total_commands_processed` and commandstats count what
 * scripts call as well. So for a run that counts (and is not timed) clients connect through this: a socket that passes
 * everything on and counts the requests on their way, each of a pipeline and of a transaction by itself.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export interface CommandCounter {
  readonly url: string;
  readonly count: () => number;
  readonly byName: () => ReadonlyMap<string, number>;
  readonly close: () => void;
}

export async function countCommands(redisSocket: string): Promise<CommandCounter> {
  const names = new Map<string, number>();
  const path = `${redisSocket}.counted`;
  const open = new Set<{ destroy: () => void }>();
  const server = createServer((client) => {
    const redis = connect(redisSocket);
    const read = createRequestReader((name) => names.set(name, (names.get(name) ?? 0) + 1));
    client.on('data', (chunk) => {
      read(chunk);
      redis.write(chunk);
    });
    redis.pipe(client);
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    url: `unix://${path}`,
    count: () => [...names.values()].reduce((sum, count) => sum + count, 0),
    byName: () => names,
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

const lineFeed = 10;
const lengthAt = 1;

/** Requests are arrays of bulk strings: `*<n>\r\n`, then n times `$<length>\r\n<bytes>\r\n`. The first one is the name. */
function createRequestReader(onCommand: (name: string) => void): (chunk: Buffer) => void {
  let line = '';
  /** Bytes of the present bulk string still to come, its line end included. */
  let bulkLeft = 0;
  let name: string | null = null;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (bulkLeft > 0) {
        const end = Math.min(chunk.length, at + bulkLeft);
        if (name !== null) name += chunk.toString('latin1', at, end);
        bulkLeft -= end - at;
        at = end;
        if (bulkLeft === 0 && name !== null) {
          onCommand(name.trim().toLowerCase());
          name = null;
        }
        continue;
      }
      const feed = chunk.indexOf(lineFeed, at);
      line += chunk.toString('latin1', at, feed === -1 ? chunk.length : feed);
      if (feed === -1) return;
      at = feed + 1;
      if (line.startsWith('*')) name = '';
      else if (line.startsWith('$')) bulkLeft = Number(line.slice(lengthAt)) + 2;
      line = '';
    }
  };
}
