/** Length, size and codecs of a media file, and single frames of it, for uploads and for checks in tests. */
import { FfmpegError, findFfmpeg, runFfmpeg, SAFE_INPUT } from './ffmpeg.ts';

export interface MediaFacts {
  readonly durationMs: number;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
}

/** ffprobe is often not there: `ffmpeg -i` prints the same facts to stderr and exits with 1 for want of an output. */
export async function probe(path: string, ffmpegPath = findFfmpeg().ffmpegPath): Promise<MediaFacts> {
  const { stderr } = await runFfmpeg(ffmpegPath, [...SAFE_INPUT, '-i', path], {
    allowFailure: true,
    timeoutMs: 30_000,
  });
  const facts = toMediaFacts(stderr);
  if (facts === null) throw new FfmpegError(`not a media file: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  return facts;
}

function toMediaFacts(stderr: string): MediaFacts | null {
  const video = /Stream #\d+:\d+.*?: Video: (\w+).*?, (\d{2,5})x(\d{2,5})/u.exec(stderr);
  const audio = /Stream #\d+:\d+.*?: Audio: (\w+)/u.exec(stderr);
  if (video === null && audio === null) return null;
  const time = /Duration: (\d+):(\d+):(\d+(?:\.\d+)?)/u.exec(stderr);
  const seconds = time === null ? 0 : Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3]);
  // Phones store the turned picture with a matrix; ffmpeg turns it back while decoding.
  const isTurned = /rotation of -?(?:90|270)\.00 degrees/u.test(stderr);
  const [width, height] = [Number(video?.[2] ?? 0), Number(video?.[3] ?? 0)];
  return {
    durationMs: Math.round(seconds * 1000),
    width: isTurned ? height : width,
    height: isTurned ? width : height,
    fps: Number(/(\d+(?:\.\d+)?) fps/u.exec(stderr)?.[1] ?? 30),
    videoCodec: video?.[1] ?? null,
    audioCodec: audio?.[1] ?? null,
  };
}

export interface RawFrame {
  readonly width: number;
  readonly height: number;
  /** Three bytes a pixel, row by row. */
  readonly rgb: Buffer;
}

/** The frame that shows at `atMs`. */
export async function readFrame(path: string, atMs: number): Promise<RawFrame> {
  const { ffmpegPath } = findFfmpeg();
  const seek = (atMs / 1000).toFixed(3);
  const output = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const args = [...SAFE_INPUT, '-ss', seek, '-i', path, ...output];
  const { stdout, stderr } = await runFfmpeg(ffmpegPath, args, { wantsOutput: true, timeoutMs: 60_000 });
  // The input is described first, so its size is the one that is found.
  const facts = toMediaFacts(stderr);
  return { width: facts?.width ?? 0, height: facts?.height ?? 0, rgb: stdout };
}
