/**
 * Routes what the caller says (seed, "Matching Input to Actions"): export, credits, state and upload never go to the
 * paid stream. By keyword and intent: a sentence that asks for anything beside the action is an edit, because an edit
 * that was taken for an export is lost, while the reverse costs one turn. Pure.
 */
import { consistsOf, createVocabulary, normalize, type Vocabulary } from './vocabulary.ts';

export type MessageAction = 'export' | 'credits' | 'state' | 'upload' | 'edit';

const politeWords =
  "please pls plz can could would you i i'd i'll i'm we want wanna need like to me for us us my our the a an it this that now just ok okay hi hey thanks thank so and then let let's lets go ahead";
const politePhrases =
  '请 请问 帮我 帮忙 麻烦 你 您 我 我们 想 想要 要 需要 可以 能 能不能 可不可以 一下 下 给 给我 把 将 吗 吧 呢 啊 了 的 现在 好 好的 那 就 这 这个 那个 我的 来 去 谢谢 直接';

interface Route {
  readonly action: Exclude<MessageAction, 'edit'>;
  readonly keyword: RegExp;
  readonly vocabulary: Vocabulary;
}

/** In order of precedence: "is the export ready" asks for the state, "check the status" is no export. */
const routes: readonly Route[] = [
  {
    action: 'credits',
    keyword: /\b(credits?|balance)\b|积分|余额|额度/,
    vocabulary: vocabulary(
      "credit credits balance how many much do does have got has left remaining remain what's what is are check show see tell get view display account current available still there any of in query enough top up buy purchase more know total",
      '积分 余额 额度 还 剩 剩下 剩余 还有 有 多少 几 查 查询 查看 看 看看 显示 告诉 知道 账户 账号 账户里 当前 可用 是 够 不够 点 充值 购买 买 总共',
    ),
  },
  {
    action: 'state',
    keyword:
      /\b(status|state|progress)\b|\b(show|list|see|view|display|what|which|check)\b.*\b(tracks?|timeline)\b|\b(ready|done|finished) yet\b|^is .*\b(ready|done|finished)$|状态|进度|(显示|查看|看|列出|有).*(轨道|时间线|时间轴)|(轨道|时间线|时间轴).*(什么|哪些)/,
    vocabulary: vocabulary(
      "status state progress tracks track timeline what's what which is are how's how show list see view display check get tell current all of on in video videos clip project session edit edits export render job going doing ready done finished yet there do does have summary overview know",
      '状态 进度 轨道 时间线 时间轴 显示 查看 查 查询 看 看看 列出 告诉 有 有哪些 哪些 什么 怎么样 如何 是 当前 所有 全部 项目 编辑 视频 任务 导出 渲染 会话 到 哪里 哪 多少 上 里 到哪',
    ),
  },
  {
    action: 'export',
    keyword:
      /\b(export|download)\b|\b(send|give)\b.*\b(video|videos|clip|film|movie|file|files|result|results|mp4)\b|导出|下载|(发|传)(给我|过来|我).*|把?(视频|成片|文件|结果).*(发|传)(给)?我/,
    vocabulary: vocabulary(
      'export download send give get have video videos clip clips film movie file files result results output project final finished edited complete completed whole entire full new current version as at in with mp4 format hd 1080p 720p 4k high best quality resolution again how do link where is here',
      '导出 下载 发 发给 传 传给 发送 过来 视频 成片 文件 结果 影片 项目 最终 最后 完成 完成的 编辑好 剪好 做好 整个 完整 成 为 格式 高清 高 画质 质量 出来 到 本地 并 怎么 如何 链接 再 重新 用',
    ),
  },
  {
    action: 'upload',
    keyword: /\bupload(ing)?\b|^(<link>\s*|<file>\s*)+$|上传/,
    vocabulary: vocabulary(
      'upload uploading file files video videos clip clips footage image images photo photos picture pictures logo audio music song track asset assets these those another one new more some here is are have from link url how do where <link> <file> am',
      '上传 文件 视频 图片 照片 音频 音乐 歌曲 素材 标志 一个 一张 一段 一些 几个 新 新的 这些 另 另一个 另外 再 还 还要 怎么 如何 在 哪里 哪 链接 有 更多',
    ),
  },
];

/** Longer texts are never a bare request for an action. */
const maxLength = 200;

export function routeMessage(text: string): MessageAction {
  if (text.length > maxLength) return isLinks(text) ? 'upload' : 'edit';
  const plain = normalize(text);
  const route = routes.find(({ keyword, vocabulary }) => keyword.test(plain) && consistsOf(plain, vocabulary));
  return route?.action ?? 'edit';
}

/** Signed links are long. */
function isLinks(text: string): boolean {
  return /^(<link>\s*)+$/.test(normalize(text));
}

function vocabulary(words: string, phrases: string): Vocabulary {
  return createVocabulary(`${politeWords} ${words}`, `${politePhrases} ${phrases}`);
}
