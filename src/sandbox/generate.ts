/** "Generate a clip of …": plans the media an instruction will make, and makes it. A test picture stands for the model. */
import { stat, writeFile } from 'node:fs/promises';
import type { Sandbox } from './context.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { mediaPath } from './media.ts';
import type { Media, Session } from './store.ts';

/** About what a generated clip costs, beside the session's own price. */
export const GENERATION_COST = 100;
const CLIP_MS = 5000;
const SIZE = { width: 1280, height: 720 };

/** Known before it exists, so that the draft can already speak of it. */
export function planGenerated(sandbox: Sandbox, prompt: string): Media {
  const id = `gen_${sandbox.random.hex(16)}`;
  const path = mediaPath(sandbox, id, 'generated.mp4');
  const name = prompt.slice(0, 60);
  return { id, name, kind: 'video', path, bytes: 0, durationMs: CLIP_MS, ...SIZE, fps: 30, hasAudio: false };
}

/** Makes the file and enters it into `generated_media`. */
export async function makeGenerated(sandbox: Sandbox, session: Session, planned: Media): Promise<void> {
  if (sandbox.tools === null || sandbox.settings.copy) await writeFile(planned.path, planned.name);
  else {
    const source = `testsrc2=size=${SIZE.width}x${SIZE.height}:rate=30:duration=${CLIP_MS / 1000}`;
    const args = ['-f', 'lavfi', '-i', source, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-y'];
    const { ffmpegPath } = sandbox.tools;
    await sandbox.renders.run(() => runFfmpeg(ffmpegPath, [...args, planned.path], { signal: sandbox.closing }));
  }
  const media: Media = { ...planned, bytes: (await stat(planned.path)).size };
  sandbox.store.media.set(media.id, media);
  session.made = [...session.made, media];
  const url = `${sandbox.baseUrl}/files/media/${media.id}`;
  session.generated = [
    ...session.generated,
    { id: media.id, type: 'video', url, prompt: media.name, duration: CLIP_MS / 1000 },
  ];
}
