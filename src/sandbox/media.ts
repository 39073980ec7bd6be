/** Uploaded files: what is accepted, what is known of them, and how they are shown. */
import { basename, extname, join } from 'node:path';
import type { Sandbox } from './context.ts';
import { probe } from './probe.ts';
import type { Media, MediaKind } from './store.ts';

/** Seed: "Accepted file types". */
const EXTENSIONS: Record<MediaKind, readonly string[]> = {
  video: ['mp4', 'mov', 'avi', 'webm', 'mkv'],
  image: ['jpg', 'jpeg', 'png', 'gif', 'webp'],
  audio: ['mp3', 'wav', 'm4a', 'aac'],
};
const KINDS = ['video', 'image', 'audio'] as const;
/** In copy mode nothing is opened: every video is this. */
const UNREAD = { durationMs: 30_000, width: 1920, height: 1080, fps: 30, hasAudio: true };

export function kindOf(name: string): MediaKind | null {
  const extension = extname(name).slice(1).toLowerCase();
  return KINDS.find((kind) => EXTENSIONS[kind].includes(extension)) ?? null;
}

/** A place on disk whose name is ours; only the ending is the caller's, and that one is on the list above. */
export function mediaPath(sandbox: Sandbox, id: string, name: string): string {
  return join(sandbox.dataDir, 'media', `${id}${extname(name).toLowerCase()}`);
}

export async function readMedia(
  sandbox: Sandbox,
  file: Pick<Media, 'id' | 'name' | 'path' | 'bytes' | 'kind'>,
): Promise<Media> {
  const { tools } = sandbox;
  const name = basename(file.name);
  if (sandbox.settings.copy || tools === null) return { ...file, name, ...UNREAD };
  const facts = await sandbox.probes.run(() => probe(file.path, tools.ffmpegPath));
  if (facts.videoCodec === null && file.kind !== 'audio') throw new Error('no picture in this file');
  if (facts.audioCodec === null && file.kind === 'audio') throw new Error('no sound in this file');
  const { durationMs, width, height, fps, audioCodec } = facts;
  return { ...file, name, durationMs, width, height, fps, hasAudio: audioCodec !== null };
}

/** As uploads and states show it. The link's query changes with each reply, as signed links do. */
export function toMediaReply(sandbox: Sandbox, media: Media) {
  return {
    filename: media.name,
    file_type: media.kind,
    cdn_url: `${sandbox.baseUrl}/files/media/${media.id}?sig=${sandbox.random.hex(16)}`,
    duration: media.durationMs / 1000,
    width: media.width,
    height: media.height,
    fps: media.fps,
    hash: media.id,
  };
}
