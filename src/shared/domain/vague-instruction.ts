/**
 * Warns about instructions that will not do what the caller hopes for. Warnings only: nothing is refused or rewritten,
 * because an instruction goes to the upstream verbatim. Pure.
 */
import { routeMessage, type MessageAction } from './route-message.ts';
import { consistsOf, createVocabulary, normalize } from './vocabulary.ts';

export type InstructionWarningCode = 'vague_instruction' | 'gui_instruction' | 'not_an_edit';

export interface InstructionWarning {
  readonly code: InstructionWarningCode;
  readonly detail: string;
}

/** The seed's own example of a concrete instruction. */
const example = '"add a logo watermark and trim the first 3 seconds from all videos"';

const vagueKeyword =
  /\b(better|nicer|nice|good|great|cool|awesome|amazing|beautiful|professional|perfect|pop|stand out|viral|improve|enhance|polish|edit|fix|magic|something|clean|spice|process)\b|好看|更好|美化|优化|改进|改善|处理|剪辑|编辑|专业|高级|随便|弄|完善/;

/** A sentence of these words alone names nothing that could be done. */
const vagueVocabulary = createVocabulary(
  "please can could you just make it look looks sound feel seem a an the this that these my our all every each video videos clip clips file files footage and so more very really much bit little lot better nicer nice good great cool awesome amazing beautiful professional professionally perfect pop stand out viral go improve enhance polish edit fix do your magic something with to clean up spice process them some way as possible i want be ' it's its quality overall",
  '请 帮我 把 将 让 使 它 这 这个 那个 这些 我 的 视频 影片 片子 素材 所有 全部 每个 一下 一点 点 些 更 好看 更好 好 得 美化 优化 改进 改善 处理 剪辑 编辑 专业 高级 随便 弄 做 变 变得 看起来 完善 下 吧 漂亮 再 整体 剪 都 一些',
);

const guiTalk =
  /\b(click|tap|double-click|right-click)\b(?! (track|sound|noise))|\bdrag\b|\b(press|push) the .*\b(button|key)\b|\bopen the .*\b(panel|menu|tab|settings|editor)\b|点击|拖拽|拖动|单击|双击|打开.*(面板|菜单|设置|编辑器)/i;

const notEdits: Readonly<Record<Exclude<MessageAction, 'edit'>, string>> = {
  export: 'Every file is exported when its instructions are done: no instruction is needed for it.',
  credits: 'The balance is told by GET /credits; as an instruction it costs a turn and edits nothing.',
  state: 'The state of a file is told by the API; as an instruction it costs a turn and edits nothing.',
  upload: 'Files are uploaded before the first instruction; name further ones as assets.',
};

export function instructionWarnings(text: string): readonly InstructionWarning[] {
  const plain = normalize(text);
  const action = routeMessage(text);
  const isVague = vagueKeyword.test(plain) && consistsOf(plain, vagueVocabulary);
  const found: (InstructionWarning | null)[] = [
    isVague
      ? {
          code: 'vague_instruction',
          detail: `Say what to do, as in ${example}: concrete instructions get better results.`,
        }
      : null,
    guiTalk.test(plain)
      ? { code: 'gui_instruction', detail: 'There is no screen to click or drag on: say what the result should be.' }
      : null,
    action === 'edit' ? null : { code: 'not_an_edit', detail: notEdits[action] },
  ];
  return found.filter((warning) => warning !== null);
}
