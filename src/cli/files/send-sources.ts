/** Sends local files to the service, a few at a time, and says how far it is. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isPassing } from '../../client/call.ts';
import type { Client } from '../../client/create-client.ts';
import type { Sending } from '../display/display.ts';
import { inParallel } from '../in-parallel.ts';
import type { Source } from './collect-sources.ts';
import { sendableName } from './safe-name.ts';

export type SourceReference = { readonly url: string } | { readonly upload_id: string };

/** More only shares the same line among more files. */
const filesAtATime = 3;
/** An upload that was cut leaves at most an unused one behind, which expires by itself: safe to send again. */
const attempts = 3;
const firstWaitMs = 500;

export async function sendSources(
  client: Client,
  sources: readonly Source[],
  onProgress: (sending: Sending) => void,
): Promise<SourceReference[]> {
  const local = sources.filter((source) => source.kind === 'file');
  const bytes = local.reduce((sum, source) => sum + source.bytes, 0);
  let [filesSent, bytesSent] = [0, 0];
  const tell = (): void => onProgress({ filesSent, files: local.length, bytesSent, bytes });
  return await inParallel(sources, filesAtATime, async (source) => {
    if (source.kind === 'url') return { url: source.url };
    const id = await sendFile(client, source, (more) => {
      bytesSent += more;
      tell();
    });
    filesSent += 1;
    tell();
    return { upload_id: id };
  });
}

type LocalFile = Extract<Source, { kind: 'file' }>;

async function sendFile(client: Client, source: LocalFile, onBytes: (more: number) => void): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    let sent = 0;
    const stream = openCounted(source.path, (more) => {
      sent += more;
      onBytes(more);
    });
    try {
      return (await client.uploads.create(stream, { name: sendableName(source.name), bytes: source.bytes })).id;
    } catch (error) {
      onBytes(-sent);
      if (attempt === attempts || !isPassing(error)) throw error;
      await delay(firstWaitMs * attempt);
    } finally {
      stream.destroy();
    }
  }
}

/** A generator in between, as a `data` listener would set the stream flowing before anybody reads it. */
function openCounted(path: string, onBytes: (more: number) => void): Readable {
  async function* count() {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      onBytes(chunk.length);
      yield chunk;
    }
  }
  return Readable.from(count(), { objectMode: false });
}
