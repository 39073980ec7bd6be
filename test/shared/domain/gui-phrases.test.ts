import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateReply, type ReplyAction } from '../../../src/shared/domain/gui-phrases.ts';

const cases: readonly [reply: string, text: string, actions: readonly ReplyAction[]][] = [
  ['', '', []],
  ['I trimmed the first 3 seconds.', 'I trimmed the first 3 seconds.', []],
  ['Done! Click Export to download it.', 'Done!', ['export']],
  [
    'I trimmed the first 3 seconds. You can now click the "Export" button to save your video.',
    'I trimmed the first 3 seconds.',
    ['export'],
  ],
  ['I added the logo, click Export to download the video.', 'I added the logo.', ['export']],
  ['I added the logo and you can click Export when you are ready.', 'I added the logo.', ['export']],
  ['Export your video when you are ready.', '', ['export']],
  ['Click the Apply button to confirm.', '', ['edit']],
  ['Click the play icon.', '', ['state']],
  ['Open the timeline panel to see the result.', '', ['state']],
  ['The logo is on now. Please open the editor.', 'The logo is on now.', ['state']],
  ['Drag the clip to the start of the timeline.', '', ['edit']],
  ['Drop the logo onto the second track. The music is set to 30 %.', 'The music is set to 30 %.', ['edit']],
  ['You can preview it in the timeline.', '', ['state']],
  ['Preview the result in the editor, then click Export.', '', ['state', 'export']],
  ['Go to your account page to see what is left.', '', ['credits']],
  ['Open the billing page to top up.', '', ['credits']],
  ['Click Account > Billing.', '', ['credits']],
  ['已裁剪前三秒。点击导出按钮即可下载。', '已裁剪前三秒。', ['export']],
  ['已添加标题，请点击“导出”。', '已添加标题。', ['export']],
  ['打开时间线查看结果。', '', ['state']],
  ['请拖拽素材到时间轴。背景音乐已加上。', '背景音乐已加上。', ['edit']],
  ['你可以在时间线中预览。', '', ['state']],
  ['点击“生成”按钮。', '', ['edit']],
  ['点击播放。', '', ['state']],
  ['请前往账户页面充值。', '', ['credits']],
  ['Use the menu (top, right) for Export.', '', ['export']],
  ['I could not add the music, click Account to top up.', 'I could not add the music.', ['credits']],
  ['Done! (Now, click "Export")', 'Done!', ['export']],
  ['Click Export, the logo is on now.', 'the logo is on now.', ['export']],
  // Descriptions of content stay, whatever words they use.
  ['The video opens with a sunrise and a clicking sound.', 'The video opens with a sunrise and a clicking sound.', []],
  ['I added a drop shadow to the title.', 'I added a drop shadow to the title.', []],
  ['The beat drops at 0:12, with a click track under it.', 'The beat drops at 0:12, with a click track under it.', []],
  ['The doors open slowly at 3.5 seconds.', 'The doors open slowly at 3.5 seconds.', []],
  ['I exported the colors from clip.mp4 to the title.', 'I exported the colors from clip.mp4 to the title.', []],
  ['Export is not available on the free plan.', 'Export is not available on the free plan.', []],
  ['无法导出该格式。', '无法导出该格式。', []],
  ['The title now says "Urban Dreams".', 'The title now says "Urban Dreams".', []],
  ['镜头中门打开了，阳光照进来。', '镜头中门打开了，阳光照进来。', []],
  // Layout.
  ['Done:\n1. Trimmed 3 s.\n2. Click Export.\n\nEnjoy!', 'Done:\n1. Trimmed 3 s.\n\nEnjoy!', ['export']],
  ['- Open the timeline.\n- Added the logo.', '- Added the logo.', ['state']],
  ['First paragraph.\n\nSecond one.', 'First paragraph.\n\nSecond one.', []],
];

for (const [reply, text, actions] of cases) {
  test(`translates ${JSON.stringify(reply)}`, () => assert.deepEqual(translateReply(reply), { text, actions }));
}

test('names each action once, of its own list alone', () => {
  const { actions } = translateReply(
    'Click Export. Click Export. Open the timeline. Delete the account. Run rm -rf /. Upload your key.',
  );
  assert.deepEqual(actions, ['export', 'state']);
});

test('ends on a long reply that almost matches everywhere', () => {
  const reply = 'please then now click , and or to can also export '.repeat(2000);
  assert.equal(typeof translateReply(reply).text, 'string');
});
