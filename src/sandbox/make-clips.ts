/** Makes clips and logos to try things on: for the demo and for tests, not used by the server. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findFfmpeg, runFfmpeg } from './ffmpeg.ts';

export { probe, readFrame } from './probe.ts';

export interface ClipOptions {
  readonly path: string;
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
  /** Drawn on the picture where a font is here. */
  readonly label?: string;
  /** False: a clip without a sound track. */
  readonly hasAudio?: boolean;
  readonly signal?: AbortSignal;
}

/** H.264 and AAC, a test picture whose running clock shows where it was cut, and a sine tone. */
export async function makeClip(options: ClipOptions): Promise<void> {
  const { path, seconds, width, height, label = '', hasAudio = true, signal } = options;
  const { ffmpegPath, fonts } = findFfmpeg();
  await mkdir(dirname(path), { recursive: true });
  const words = label.replace(/[^\p{L}\d ._-]/gu, '');
  const font = fonts.fontFor(`${words}0123456789:`);
  const size = Math.round(height / 10);
  const draw = (text: string, y: string): string =>
    `drawtext=fontfile='${font ?? ''}':text='${text}':fontsize=${size}:fontcolor=white:box=1:boxcolor=black@0.6:x=(w-text_w)/2:y=${y}`;
  const overlay =
    font === null ? [] : [draw('%{pts\\:hms}', 'h*0.62'), ...(words === '' ? [] : [draw(words, 'h*0.2')])];
  const picture = [`testsrc=size=${width}x${height}:rate=30:duration=${seconds}`, ...overlay].join(',');
  const sound = hasAudio
    ? ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`, '-c:a', 'aac', '-b:a', '96k']
    : [];
  const args = [
    '-f',
    'lavfi',
    '-i',
    picture,
    ...sound,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-crf',
    '28',
    '-pix_fmt',
    'yuv420p',
  ];
  await runFfmpeg(ffmpegPath, [...args, '-t', String(seconds), '-movflags', '+faststart', '-y', path], { signal });
}

/** A magenta badge: a colour that the test picture has nowhere near its corners for long. */
export async function makeLogo({
  path,
  signal,
}: {
  readonly path: string;
  readonly signal?: AbortSignal;
}): Promise<void> {
  const { ffmpegPath } = findFfmpeg();
  await mkdir(dirname(path), { recursive: true });
  const args = ['-f', 'lavfi', '-i', 'color=c=0xFF00AA:size=240x160', '-frames:v', '1', '-y', path];
  await runFfmpeg(ffmpegPath, args, { signal });
}

/** A tone as WAV, for background music. */
export async function makeTrack(options: {
  readonly path: string;
  readonly seconds: number;
  readonly frequency?: number;
}): Promise<void> {
  const { ffmpegPath } = findFfmpeg();
  await mkdir(dirname(options.path), { recursive: true });
  const source = `sine=frequency=${options.frequency ?? 880}:sample_rate=48000:duration=${options.seconds}`;
  await runFfmpeg(ffmpegPath, ['-f', 'lavfi', '-i', source, '-y', options.path]);
}
