/** Real renders: what comes out is cut where it was said, carries the logo, and keeps its sound. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findFfmpeg } from '../../src/sandbox/ffmpeg.ts';
import { makeClip, makeLogo, makeTrack, probe, readFrame } from '../../src/sandbox/make-clips.ts';
import { openCaller, type Caller } from '../sandbox/sandbox-client.ts';

let folder = '';
let clip: Buffer;
let silent: Buffer;
let logo: Buffer;
let track: Buffer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-render-'));
  const path = (name: string): string => join(folder, name);
  await makeClip({ path: path('clip.mp4'), seconds: 6, width: 640, height: 360, label: 'A' });
  await makeClip({ path: path('silent.mp4'), seconds: 2, width: 320, height: 240, hasAudio: false });
  await makeLogo({ path: path('logo.png') });
  await makeTrack({ path: path('song.wav'), seconds: 1 });
  clip = await readFile(path('clip.mp4'));
  silent = await readFile(path('silent.mp4'));
  logo = await readFile(path('logo.png'));
  track = await readFile(path('song.wav'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Says each sentence, renders, saves the video. */
async function produce(caller: Caller, sid: string, id: string, sentences: readonly string[]): Promise<string> {
  for (const sentence of sentences) assert.match((await caller.say(sid, sentence)).text, /Done|已完成/u, sentence);
  await caller.render(sid, id, (await caller.state(sid)).draftText);
  const view = await caller.finished(id);
  assert.equal(view.status, 'completed', JSON.stringify(view));
  const path = join(folder, `${id}.mp4`);
  await writeFile(path, new Uint8Array(await (await fetch(view.output.url)).arrayBuffer()));
  return path;
}

async function pixel(path: string, atMs: number, x: number, y: number): Promise<number[]> {
  const { rgb, width } = await readFrame(path, atMs);
  return [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}
const isMagenta = ([red = 0, green = 0, blue = 0]: number[]): boolean =>
  red > 220 && green < 40 && blue > 130 && blue < 210;

/** The whole frame of a video as one number, to compare moments. */
async function difference(left: string, leftMs: number, right: string, rightMs: number): Promise<number> {
  const [one, two] = await Promise.all([readFrame(left, leftMs), readFrame(right, rightMs)]);
  let sum = 0;
  // The lower part alone: the upper right corner may carry the logo.
  for (let at = one.rgb.length / 2; at < one.rgb.length; at++) sum += Math.abs((one.rgb[at] ?? 0) - (two.rgb[at] ?? 0));
  return sum / (one.rgb.length / 2);
}

test('cuts the first 3 seconds to the frame and puts the logo in the corner', async (t) => {
  const caller = await openCaller(t, { copy: false });
  const sid = await caller.session();
  await caller.upload(sid, { 'clip.mp4': clip, 'logo.png': logo });
  const path = await produce(caller, sid, 'render_1', [
    'add a logo watermark and trim the first 3 seconds from all videos',
  ]);
  const facts = await probe(path);
  assert.ok(Math.abs(facts.durationMs - 3000) <= 60, `${facts.durationMs} ms`);
  assert.deepEqual([facts.width, facts.height, facts.videoCodec, facts.audioCodec], [640, 360, 'h264', 'aac']);
  assert.ok(isMagenta(await pixel(path, 500, 600, 30)));
  assert.ok(!isMagenta(await pixel(join(folder, 'clip.mp4'), 3500, 600, 30)));
  const original = join(folder, 'clip.mp4');
  const exact = await difference(path, 1000, original, 4000);
  // One frame off is more different than the right frame: the cut is exact.
  assert.ok(exact < (await difference(path, 1000, original, 4066)), 'not the frame that was asked for');
});

test('turns, reshapes, mutes, speeds up, fades and adds music in one go', async (t) => {
  const caller = await openCaller(t, { copy: false, credits: 1000 });
  const sid = await caller.session('zh');
  await caller.upload(sid, { 'clip.mp4': clip, 'song.wav': track });
  const path = await produce(caller, sid, 'render_2', [
    '保留1到5秒',
    '2倍速，9:16',
    'mute, add background music at 40 %, and fade out',
  ]);
  const facts = await probe(path);
  assert.deepEqual([facts.width, facts.height, facts.audioCodec], [360, 640, 'aac']);
  assert.ok(Math.abs(facts.durationMs - 2000) <= 60, `${facts.durationMs} ms`);
  assert.ok(
    (await pixel(path, 1960, 180, 320)).every((value) => value < 40),
    'faded to black',
  );
});

test('renders clips without sound, stills, and several joined', async (t) => {
  const caller = await openCaller(t, { copy: false, credits: 1000 });
  const joined = await caller.session();
  await caller.upload(joined, { 'clip.mp4': clip, 'silent.mp4': silent });
  const both = await probe(await produce(caller, joined, 'render_3', ['merge all videos', 'rotate 180 degrees']));
  assert.ok(Math.abs(both.durationMs - 8000) <= 80, `${both.durationMs} ms`);
  assert.equal(both.audioCodec, 'aac');
  const still = await caller.session();
  await caller.upload(still, { 'logo.png': logo });
  const picture = await probe(await produce(caller, still, 'render_4', ['fade in']));
  assert.deepEqual([picture.durationMs, picture.width, picture.height], [5000, 240, 160]);
});

test('draws a title where a font has its characters, and asks back where none has', async (t) => {
  const caller = await openCaller(t, { copy: false, credits: 1000 });
  const sid = await caller.session();
  await caller.upload(sid, { 'silent.mp4': silent });
  const words = "Urban: 100% 'Dreams' \\ [x],;";
  if (findFfmpeg().fonts.fontFor(words) === null) return t.skip('no font on this machine');
  const path = await produce(caller, sid, 'render_5', [`add the title "${words}" for 1 second`]);
  assert.ok(
    (await difference(path, 500, join(folder, 'silent.mp4'), 500)) >
      (await difference(path, 1500, join(folder, 'silent.mp4'), 1500)) + 0.5,
  );
  assert.match((await caller.say(sid, 'add the title "\u{1F9FF}\uE9AA"')).text, /no font/u);
});

test('refuses bytes that are no video as 4001', async (t) => {
  const caller = await openCaller(t, { copy: false });
  const sid = await caller.session();
  assert.equal((await caller.upload(sid, { 'a.mp4': 'not a video' })).json.code, 4001);
});
