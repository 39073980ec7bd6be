/**
 * The upstream answers as if there were a screen (seed, "Translating GUI Instructions"). This takes such instructions
 * out of a reply, keeps what it says about the content, and names the actions that the instructions stand for. A reply
 * is text from outside: it can only ever name an action of this list, whatever it says. Pure.
 */
export type ReplyAction = 'export' | 'state' | 'credits' | 'edit';

export interface TranslatedReply {
  readonly text: string;
  readonly actions: readonly ReplyAction[];
}

export function translateReply(reply: string): TranslatedReply {
  const actions = new Set<ReplyAction>();
  const lines = reply.split('\n').flatMap((line) => {
    const translated = sentencesOf(line)
      .map((sentence) => translateSentence(sentence, actions))
      .join('');
    if (translated === line) return [line];
    // A line that held instructions alone leaves no gap and no bare list mark.
    return /^\s*([-*•]|\d+[.)])?\s*$/.test(translated) ? [] : [translated.trimEnd()];
  });
  return { text: lines.join('\n').trim(), actions: [...actions] };
}

function sentencesOf(line: string): readonly string[] {
  // A dot inside a number or a file name ends no sentence, nor does that of a list mark.
  return line.split(/(?<=[.!?]["”')\]]?\s)(?<!^\s*\d+\.\s)|(?<=[。！？]["”』」]?)(?!["”』」])/u);
}

function translateSentence(sentence: string, actions: Set<ReplyAction>): string {
  const clauses = clausesOf(sentence).map((clause) => ({ ...clause, action: instructionIn(clause.text) }));
  const found = clauses.flatMap(({ action }) => action ?? []);
  for (const action of found) actions.add(action);
  if (found.length > 0) {
    const kept = clauses.filter(({ text, action }) => action === null && !isLeftOver(text));
    return endSentence(kept.map(({ text, mark }) => text + mark).join(''), sentence);
  }
  // It may take the whole sentence to see the instruction: "use the menu (top, right) for Export".
  const whole = instructionIn(sentence);
  if (whole === null) return sentence;
  actions.add(whole);
  return '';
}

interface Clause {
  readonly text: string;
  /** What parts it from the next one. */
  readonly mark: string;
}

const clauseMark =
  /([,;，；:：]\s*|\s+[-–—]\s+|\s+(?:and|then|so|or|but)(?: then)?\s+(?=(?:you|please|just|simply|click|tap|press|open|drag|drop|export|download|preview|go|visit|check)\b)|(?:然后|之后|接着|并)(?=.*(?:点击|打开|拖|导出|预览)))/i;

function clausesOf(sentence: string): readonly Clause[] {
  const parts = sentence.split(clauseMark);
  return parts.flatMap((text, index) => (index % 2 === 0 ? [{ text, mark: parts[index + 1] ?? '' }] : []));
}

/** What leads up to an instruction or follows from it says nothing by itself. */
function isLeftOver(clause: string): boolean {
  const text = clause.replace(/^[\s\p{P}]+/u, '').replace(/^(and|then|so|or|but|now)\s+/i, '');
  return (
    text.trim() === '' ||
    /^(to|when|whenever|once|if|after|for|from there|where|choose|select|pick|hit|wait|next|finally|now|then|please|just|you can|you should)\b/i.test(
      text,
    ) ||
    /^(如果|若|要|想|当|完成后|之后|然后|最后|接着|选择|等待|即可|就可以|请|你可以|您可以)/u.test(text)
  );
}

function endSentence(kept: string, sentence: string): string {
  const body = kept.replace(/[\s,;，；:：–—-]+$/u, '').replace(/\s+(and|then|so|or|but)$/i, '');
  if (body.trim() === '') return '';
  const tail = sentence.slice(sentence.search(/[.!?。！？]?["”')』」\]]*\s*$/u));
  return `${body}${/[.!?。！？]$/u.test(body) ? tail.replace(/^\S+/, '') : tail}`;
}

/** Where an instruction may begin: a description has a subject before its verb ("the doors open", "with one click"). */
const lead = String.raw`(?:^[\s\p{P}]*(?:\d+[.)]\s*)?|\b(?:please|just|simply|then|now|next|and|or|can(?: also| now)?|should|may|need to|have to|want to|to|by|first|ready to|go ahead and|try)\s+|[,;:]\s*)`;
const pattern = (verbs: string, rest: string): RegExp => new RegExp(`${lead}(?:${verbs})${rest}`, 'iu');

const click = pattern(
  'click|clicking|tap|tapping|press|pressing|hit|double-click|right-click',
  String.raw`\b(?! (?:track|sound|noise))`,
);
const clickZh = /点击|单击|双击|按下|点一下/u;
const exportAsked = [
  pattern('export|download', String.raw`\b(?!ed|ing)`),
  /\b(?:click|clicking|tap|press|hit|use|find|select|choose)\b[^.]*\b(?:export|download)\b/iu,
  /(?:^|[，。；\s“"]|请|可以|即可|就能|点击|按下|单击|直接|选择|来)[^，。；]{0,6}(?:导出|下载)(?!的|了|过)/u,
];
const accountAsked = [
  /\b(?:go to|visit|open|check|see|manage|click|tap|under|in|from|via|update|upgrade)\b[^.]{0,40}\b(?:account|billing|subscription|pricing)\b(?! of)/iu,
  /\bbilling\b[^.]{0,20}\b(?:page|section|settings|portal|tab)\b/iu,
  /(?:打开|前往|进入|点击|访问|查看|去|在)[^，。；]{0,12}(?:账户|账号|账单|充值|订阅)/u,
];
const dragAsked = [
  pattern('drag|dragging|drag-and-drop|drag and drop', String.raw`\b`),
  pattern('drop', String.raw`\s+(?:it|them|the|your|a|this|that)\b[^.]*\b(?:on|onto|into|to|in)\b`),
  /拖拽|拖动|拖放|拖到|拖入/u,
];
const previewAsked = [
  pattern('preview|watch|view|see|check', String.raw`\b[^.]*\b(?:timeline|editor|preview (?:window|panel|pane))\b`),
  /在?(?:时间线|时间轴|编辑器)[^，。；]{0,8}(?:预览|查看)|预览[^，。；]{0,8}(?:时间线|时间轴)/u,
];
const openAsked = [
  pattern('open|opening', String.raw`\s+(?:up\s+)?(?:the|your|this|it|a|an|up|[A-Z"'“])`),
  /(?:^|[，。；\s]|请|可以|先|再|然后|点击|并)打开/u,
];
const refusal =
  /\b(?:not|no longer|never|without|unable to)\b|\b(?:can|don|won|didn|couldn)['’]t\b|\bcannot\b|不能|无法|不要|别|不支持|没有|不会|尚未/iu;
const editTarget =
  /\b(?:generate|apply|confirm|add|trim|cut|split|delete|remove|replace|crop|mute|rotate)\b|生成|应用|确认|添加|裁剪|分割|删除|替换|静音/iu;

/** The one action a clause asks for; Export wins over click, what is more special over what is less. */
function instructionIn(clause: string): ReplyAction | null {
  if (refusal.test(clause)) return null; // "export is not available" asks for nothing
  if (matches(exportAsked, clause)) return 'export';
  if (matches(accountAsked, clause)) return 'credits';
  if (matches(dragAsked, clause)) return 'edit';
  if (matches(previewAsked, clause) || matches(openAsked, clause)) return 'state';
  if (click.test(clause) || clickZh.test(clause)) return editTarget.test(clause) ? 'edit' : 'state';
  return null;
}

function matches(patterns: readonly RegExp[], clause: string): boolean {
  return patterns.some((pattern) => pattern.test(clause));
}
