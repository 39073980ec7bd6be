import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedExtensions, mediaTypeOf, smoothExtensions } from '../../../src/shared/domain/media-type.ts';
import { instructionWarnings } from '../../../src/shared/domain/vague-instruction.ts';

const codes = (text: string): readonly string[] => instructionWarnings(text).map(({ code }) => code);

test('warns about vague instructions and shows a concrete one', () => {
  for (const text of [
    'make it look better',
    'Make it better!',
    'improve the video',
    'edit this video',
    'please polish it a bit',
    'make all videos look more professional',
    'do your magic',
    'fix it',
    '美化一下',
    '把视频弄得更好看',
    '帮我剪辑一下',
    '优化视频',
  ]) {
    assert.deepEqual(codes(text), ['vague_instruction'], text);
  }
  assert.match(
    instructionWarnings('make it look better')[0]!.detail,
    /add a logo watermark and trim the first 3 seconds from all videos/,
  );
});

test('warns about GUI talk and about requests that are no edits', () => {
  assert.deepEqual(codes('click the crop button'), ['gui_instruction']);
  assert.deepEqual(codes('drag the logo to the corner'), ['gui_instruction']);
  assert.deepEqual(codes('点击裁剪'), ['gui_instruction']);
  for (const text of ['export the video', 'how many credits are left', 'show tracks', 'upload a file', '导出'])
    assert.deepEqual(codes(text), ['not_an_edit'], text);
});

test('leaves concrete instructions alone', () => {
  for (const text of [
    'add a logo watermark and trim the first 3 seconds from all videos',
    'make the title red',
    'improve the contrast by 20 %',
    'add a click track',
    'export the audio at 30 %',
    '把标题改成红色',
    'fix the white balance',
  ]) {
    assert.deepEqual(codes(text), [], text);
  }
});

test('knows the accepted types by name', () => {
  assert.deepEqual(acceptedExtensions, [
    'mp4',
    'mov',
    'avi',
    'webm',
    'mkv',
    'jpg',
    'png',
    'gif',
    'webp',
    'mp3',
    'wav',
    'm4a',
    'aac',
  ]);
  for (const extension of acceptedExtensions)
    assert.equal(mediaTypeOf(`a.b.${extension.toUpperCase()} `)?.extension, extension);
  assert.deepEqual(mediaTypeOf('假期.MOV'), { extension: 'mov', kind: 'video', contentType: 'video/quicktime' });
  assert.equal(mediaTypeOf('logo.png')?.kind, 'image');
  assert.equal(mediaTypeOf('song.m4a')?.contentType, 'audio/mp4');
  for (const name of ['', 'mp4', 'a.exe', 'a.mp4.exe', 'a.', 'a.mp4/']) assert.equal(mediaTypeOf(name), null, name);
  assert.deepEqual(smoothExtensions, ['mp4', 'mov', 'avi', 'webm']);
});
