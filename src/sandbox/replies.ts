/** What the sandbox says to people, in English or Chinese. Texts only; who asks decides. */

export type Language = 'en' | 'zh';

export function toLanguage(language: string): Language {
  return language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

type Say = (language: Language) => string;
const both =
  (en: string, zh: string): Say =>
  (language) =>
    language === 'zh' ? zh : en;

export const replies = {
  notUnderstood: (rest: string): Say =>
    rest === ''
      ? both(
          'Could you say more exactly what to edit? I have not changed anything.',
          '请更具体地说明要怎样剪辑？我还没有做任何修改。',
        )
      : both(
          `I am not sure what you mean by “${rest}”. Could you rephrase it? Nothing was changed.`,
          `我不太明白“${rest}”是什么意思，可以换个说法吗？目前没有做任何修改。`,
        ),
  noVideo: both('Which video should I edit? Please upload one first.', '要剪辑哪个视频？请先上传一个。'),
  noSuchMedia: (name: string): Say =>
    both(
      `I cannot find “${name}” among the uploaded media. Which file do you mean?`,
      `上传的素材里没有“${name}”，您指的是哪个文件？`,
    ),
  otherVideo: (name: string): Say =>
    both(
      `“${name}” is not on the timeline. Should I replace what is there?`,
      `“${name}”不在时间线上，要替换现有内容吗？`,
    ),
  noImage: both('Which image should be the logo? Please upload it first.', '要用哪张图片作为水印？请先上传图片。'),
  noAudio: both(
    'Which track should I use as background music? Please upload it first.',
    '要用哪段音乐？请先上传音频。',
  ),
  nothingThere: both(
    'There is nothing of that kind on the timeline. What should I remove?',
    '时间线上没有这样的内容，要移除什么？',
  ),
  tooLong: (seconds: number): Say =>
    both(`The video is only ${seconds} s long. How much should I cut?`, `视频只有 ${seconds} 秒，要剪掉多少？`),
  noFont: both(
    'I have no font for this title here, so I cannot draw it. Shall I leave the title out?',
    '这里没有可以显示该标题的字体，要去掉标题吗？',
  ),
  noMusicYet: both(
    'There is no music on the timeline. Which volume do you mean?',
    '时间线上没有音乐，您指的是哪个音量？',
  ),
  noGeneration: both(
    'I cannot generate clips here. Shall I work with what you uploaded?',
    '这里无法生成视频，要使用您上传的素材吗？',
  ),
  done: (seconds: number): Say =>
    both(`Done. The timeline is now ${seconds} s long.`, `已完成。时间线现在长 ${seconds} 秒。`),
  question: both('Which part do you mean, the beginning or the end?', '您指的是哪一部分，开头还是结尾？'),
  temporaryIssue: both(
    'I encountered a temporary issue. Please try again.',
    'I encountered a temporary issue. Please try again.',
  ),
  gui: both(
    'Your edit is on the timeline. Click the Export button to download it, or drag the clip to adjust it.',
    '剪辑已放到时间线上。点击“导出”按钮下载，或拖拽片段进行调整。',
  ),
} as const;
