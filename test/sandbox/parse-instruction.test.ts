/** The instruction parser as a table: what is meant, and what must be asked back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edit } from '../../src/sandbox/instructions/edit.ts';
import { parseInstruction } from '../../src/sandbox/instructions/parse-instruction.ts';
import { readLane } from '../../src/sandbox/instructions/read-lane.ts';

const start = (s: number, each = false): Edit => ({ op: 'trim', end: 'start', ms: s * 1000, each });
const end = (s: number, each = false): Edit => ({ op: 'trim', end: 'end', ms: s * 1000, each });
const logo = (corner: Extract<Edit, { op: 'logo' }>['corner'] = null, file: string | null = null): Edit => ({
  op: 'logo',
  corner,
  file,
});
const title = (text: string, forMs = 3000, fromMs = 0): Edit => ({ op: 'title', text, fromMs, forMs });
const keep = (from: number, to: number): Edit => ({
  op: 'keep-range',
  fromMs: from * 1000,
  toMs: to * 1000,
  each: false,
});
const cut = (from: number, to: number): Edit => ({
  op: 'cut-range',
  fromMs: from * 1000,
  toMs: to * 1000,
  each: false,
});
const keepFirst = (s: number): Edit => ({ op: 'keep-end', end: 'start', ms: s * 1000, each: false });
const volume = (ratio: number, target: 'video' | 'music' = 'video'): Edit => ({ op: 'volume', target, ratio });
const music = (ratio: number | null = null, file: string | null = null): Edit => ({ op: 'music', file, ratio });
const fade = (at: 'in' | 'out', ms = 1000): Edit => ({ op: 'fade', at, ms });
const speed = (factor: number): Edit => ({ op: 'speed', factor });
const shape = (across: number, down: number): Edit => ({ op: 'shape', across, down });
const rotate = (degrees: number): Edit => ({ op: 'rotate', degrees });
const resize = (shortSide: number): Edit => ({ op: 'resize', shortSide });

const UNDERSTOOD: readonly (readonly [string, readonly Edit[]])[] = [
  // The seed's own sentences
  ['add a logo watermark and trim the first 3 seconds from all videos', [logo(), start(3, true)]],
  ['process ten 30-second product clips into a 1080p MP4', [resize(1080)]],
  ['给所有视频加上logo水印并剪掉前3秒', [logo(), start(3, true)]],
  // Trims
  ['trim the first 3 seconds', [start(3)]],
  ['Trim the first three seconds.', [start(3)]],
  ['please trim 2.5s off the start', [start(2.5)]],
  ['cut the last 2s', [end(2)]],
  ['remove the opening 500 ms', [start(0.5)]],
  ['trim the first 3 seconds and the last 2 seconds', [start(3), end(2)]],
  ['trim the first and last 2 seconds', [start(2), end(2)]],
  ['cut 1 second from both ends', [start(1), end(1)]],
  ['cut the first half a minute', [start(30)]],
  ['剪掉前3秒', [start(3)]],
  ['剪掉开头三秒', [start(3)]],
  ['去掉最后2秒', [end(2)]],
  ['把前3秒和最后两秒剪掉', [start(3), end(2)]],
  ['剪掉前３秒', [start(3)]],
  // Keeps and cuts
  ['keep only 2s to 5s', [keep(2, 5)]],
  ['only keep the part from 0:02 to 0:05', [keep(2, 5)]],
  ['cut from 2 to 5 seconds', [cut(2, 5)]],
  ['remove the section between 2s and 5s', [cut(2, 5)]],
  ['keep the first 10 seconds', [keepFirst(10)]],
  ['shorten the video to 15s', [keepFirst(15)]],
  ['保留2到5秒', [keep(2, 5)]],
  ['删除第2秒到第5秒', [cut(2, 5)]],
  ['只保留前十秒', [keepFirst(10)]],
  // Logos
  ['put the logo in the top left', [logo('top-left')]],
  ['add our logo to the bottom right corner of all videos', [logo('bottom-right')]],
  ['use brand.png as the watermark', [logo(null, 'brand.png')]],
  ['add the logo.png watermark', [logo(null, 'logo.png')]],
  ['watermark all videos with my logo', [logo()]],
  ['remove the logo', [{ op: 'remove', what: 'logo' }]],
  ['加上logo水印', [logo()]],
  ['在左上角加logo', [logo('top-left')]],
  ['加水印到右下角', [logo('bottom-right')]],
  ['把logo放在左下角', [logo('bottom-left')]],
  // Titles
  ['add the title "Urban Dreams"', [title('Urban Dreams')]],
  ['add a title saying “Urban Dreams” for 5 seconds', [title('Urban Dreams', 5000)]],
  ['put "Hello, world" as a title and mute it', [title('Hello, world'), volume(0)]],
  ['加标题“城市之梦”', [title('城市之梦')]],
  ['添加文字「你好」，然后静音', [title('你好'), volume(0)]],
  // Shapes
  ['9:16', [shape(9, 16)]],
  ['make it 9:16 vertical', [shape(9, 16)]],
  ['crop to a square', [shape(1, 1)]],
  ['resize to 1280x720', [{ op: 'size', width: 1280, height: 720 }]],
  ['改成竖屏', [shape(9, 16)]],
  ['转成1080p横屏', [resize(1080), shape(16, 9)]],
  // Speed and sound
  ['2x speed', [speed(2)]],
  ['slow down to 0.5x', [speed(0.5)]],
  ['speed it up 1.5x and mute it', [speed(1.5), volume(0)]],
  ['slow it down by 50%', [speed(0.5)]],
  ['2倍速', [speed(2)]],
  ['放慢到0.5倍', [speed(0.5)]],
  ['mute', [volume(0)]],
  ['静音', [volume(0)]],
  ['set the volume to 35%', [volume(0.35)]],
  ['音量调到35%', [volume(0.35)]],
  ['turn the music down to 20%', [volume(0.2, 'music')]],
  ['add background music at 35 %', [music(0.35)]],
  ['use song.mp3 as background music', [music(null, 'song.mp3')]],
  ['加背景音乐，音量35%', [music(0.35)]],
  // Fades, turns, joins
  ['fade in and out', [fade('in'), fade('out')]],
  ['fade in over the first 2 seconds', [fade('in', 2000)]],
  ['add a 1.5 second fade out', [fade('out', 1500)]],
  ['淡入淡出', [fade('in'), fade('out')]],
  ['rotate 90 degrees counterclockwise', [rotate(-90)]],
  ['逆时针旋转90度', [rotate(-90)]],
  ['merge all videos into one', [{ op: 'concat' }]],
  ['把所有视频合并', [{ op: 'concat' }]],
  ['generate a short clip of a square city at 2x speed', [{ op: 'generate', prompt: 'of a square city at 2x speed' }]],
  ['生成一段大海的视频', [{ op: 'generate', prompt: '大海' }]],
  // Traps: words of other actions inside an edit
  ['export the audio at 30 %', [volume(0.3)]],
  ['add the title "trim the first 3 seconds"', [title('trim the first 3 seconds')]],
  ['add the title "mute, then 2x speed"', [title('mute, then 2x speed')]],
  ['first, trim the last 2 seconds, then put the logo in the top right', [end(2), logo('top-right')]],
];

const ASKED_BACK: readonly string[] = [
  'make it look better',
  'applying the same edits to multiple videos at once for marketers',
  "don't trim the first 3 seconds",
  'do not add a logo',
  '不要剪掉前3秒',
  'trim from 2s to 5s',
  'put the upload date in the title',
  'rotate 30 degrees',
  'remove the audio from the first 3 seconds',
  'add a logo watermark and make it sparkle',
  'add everything without the logo',
  'export in 4k at 2160p',
  'speed up',
  'cut from 5s to 2s',
  'add subtitles',
  'generate subtitles',
  'create a video',
  '加一个复古滤镜',
  'export',
  '100x speed',
  '',
];

for (const [sentence, edits] of UNDERSTOOD) {
  test(`understands «${sentence}»`, () => {
    assert.deepEqual(parseInstruction(sentence), { kind: 'edits', edits });
  });
}

for (const sentence of ASKED_BACK) {
  test(`asks back «${sentence}»`, () => {
    assert.equal(parseInstruction(sentence).kind, 'question');
  });
}

test('takes the names of uploaded media with blanks and quotes as files', () => {
  const names = ['my brand logo.png', '徽标 2.png'];
  assert.deepEqual(parseInstruction('use my brand logo.png as the watermark', names), {
    kind: 'edits',
    edits: [logo(null, 'my brand logo.png')],
  });
  assert.deepEqual(parseInstruction('用“徽标 2.png”作为水印', names), {
    kind: 'edits',
    edits: [logo(null, '徽标 2.png')],
  });
});

test('reads the two forms of a lane by the longest name it knows', () => {
  const names = ['a.mp4', 'a.mp4: take 2.mp4', 'b $1.mp4'];
  const lead = 'Work on b $1.mp4 alone, in place of what is on the timeline: ';
  assert.deepEqual(readLane(`${lead}mute`, names), { kind: 'replace', name: 'b $1.mp4', instruction: 'mute' });
  assert.deepEqual(readLane('a.mp4: take 2.mp4: mute', names), {
    kind: 'same',
    name: 'a.mp4: take 2.mp4',
    instruction: 'mute',
  });
  assert.deepEqual(readLane('a.mp4: trim to 5s', names), { kind: 'same', name: 'a.mp4', instruction: 'trim to 5s' });
  assert.equal(readLane('Work on c.mp4 alone, in place of what is on the timeline: mute', names).kind, 'unknown');
  assert.equal(readLane('title: mute', names).kind, 'plain');
});
