/** Chinese forms. Order matters, as in the English list. */
import type { Edit, Reading, Recogniser } from './edit.ts';
import { FILE_TOKEN, QUOTE_TOKEN } from './mask.ts';
import { isSpeed, toCorner, toMs, toPointMs } from './quantities.ts';

const CUT = '(?:剪切掉|剪切|剪掉|剪去|裁剪掉|裁剪|裁掉|裁去|切掉|切除|去掉|去除|删掉|删除|删去|移除|砍掉|截掉)';
const WHAT = '(?:(?:所有|全部|每个|每段|每一个|这个|这些|整个)?(?:的)?(?:视频|片段|素材|影片)(?:的)?)?';
const SIDE = '(最前面?|前面?|开头|开始|片头|最后面?|后面?|结尾|末尾|片尾|尾部)(?:的)?';
const NUMBER = '\\s*(\\d+(?:\\.\\d+)?)\\s*(毫秒|秒钟|秒|分钟|s)';
const AND = '\\s*(?:和|以及|与|、|跟|还有|,)\\s*';
const POINT = '(?:第)?\\s*((?:\\d+:)?\\d+:\\d{2}|\\d+(?:\\.\\d+)?)\\s*(?:秒钟?|s)?';
const RANGE = `(?:从)?${POINT}\\s*(?:到|至|-|–|~|—)\\s*(?:第)?\\s*((?:\\d+:)?\\d+:\\d{2}|\\d+(?:\\.\\d+)?)\\s*(?:秒钟?|s)?(?:之间)?(?:的)?(?:部分|内容|片段)?`;
const ADD =
  '(?:添加|加上|加入|加个|加|放上|放|打上|打|插入|叠加|使用|用|盖上)(?:上|入)?(?:一个|个|一张|我的|公司的?|品牌的?)*';
const LOGO = '(?:logo\\s*水印|水印\\s*logo|logo|水印|标志|标识|徽标|台标|商标)';
const PLACE = '(?:视频|画面|屏幕)?(?:的)?(左上|右上|左下|右下|正?中间|正?中央|居中)(?:角|方|侧)?';
const TITLE = '(?:标题|文字|字幕|片名|文本|字样)';
const MUSIC = '(?:背景音乐|bgm|音乐|配乐)';

const words = (source: string): RegExp => new RegExp(source, 'giu');

function sideOf(word: string | undefined): 'start' | 'end' {
  return /后|尾/u.test(word ?? '') ? 'end' : 'start';
}

type Pair = readonly [string | undefined, string | undefined, string | undefined];

function toTrims(pairs: readonly Pair[], reading: Reading): Edit[] {
  return pairs
    .filter(([, number]) => number !== undefined)
    .map(([side, number, unit]) => ({ op: 'trim', end: sideOf(side), ms: toMs(number, unit), each: reading.each }));
}

function toRange(op: 'keep-range' | 'cut-range', from: string | undefined, to: string | undefined, reading: Reading) {
  const [fromMs, endMs] = [toPointMs(from), toPointMs(to)];
  return endMs > fromMs ? [{ op, fromMs, toMs: endMs, each: reading.each } as const] : null;
}

const cuts: readonly Recogniser[] = [
  {
    pattern: words(`(?:只|仅)?(?:保留|留下)${WHAT}${RANGE}`),
    read: ([, from, to], reading) => toRange('keep-range', from, to, reading),
  },
  {
    pattern: words(`(?:把|将)${WHAT}${RANGE}(?:都)?${CUT}`),
    read: ([, from, to], reading) => toRange('cut-range', from, to, reading),
  },
  { pattern: words(`${CUT}${WHAT}${RANGE}`), read: ([, from, to], reading) => toRange('cut-range', from, to, reading) },
  {
    pattern: words(`(?:只|仅)?(?:保留|留下)${WHAT}${SIDE}${NUMBER}`),
    read: ([, side, number, unit], reading) => [
      { op: 'keep-end', end: sideOf(side), ms: toMs(number, unit), each: reading.each },
    ],
  },
  {
    pattern: words(`(?:剪辑|剪短|裁剪|缩短|截|剪)(?:到|成|至|为)${NUMBER}`),
    read: ([, number, unit], reading) => [{ op: 'keep-end', end: 'start', ms: toMs(number, unit), each: reading.each }],
  },
  {
    pattern: words(`(?:把|将)${WHAT}${SIDE}${NUMBER}(?:${AND}${SIDE}${NUMBER})?(?:都)?${CUT}`),
    read: ([, side, number, unit, side2, number2, unit2], reading) =>
      toTrims(
        [
          [side, number, unit],
          [side2, number2, unit2],
        ],
        reading,
      ),
  },
  {
    pattern: words(`${CUT}${WHAT}${SIDE}${NUMBER}(?:${AND}${SIDE}${NUMBER})?`),
    read: ([, side, number, unit, side2, number2, unit2], reading) =>
      toTrims(
        [
          [side, number, unit],
          [side2, number2, unit2],
        ],
        reading,
      ),
  },
];

const titles: readonly Recogniser[] = [
  {
    pattern: words(
      `(?:添加|加上|加入|加个|加|插入|写上|写|显示|设置)(?:上|入|一个|个|一行|片头)*${TITLE}(?:为|是|:|写着|内容为|叫|内容是)?\\s*${QUOTE_TOKEN}(?:,?\\s*(?:显示|持续)${NUMBER})?`,
    ),
    read: ([, quote, number, unit], reading) => [
      { op: 'title', text: reading.quoted(quote), fromMs: 0, forMs: number === undefined ? 3000 : toMs(number, unit) },
    ],
  },
  {
    pattern: words(
      `(?:把|将)?${TITLE}(?:设置为|设为|改成|改为|为|是|:)\\s*${QUOTE_TOKEN}|(?:把|将|用)?${QUOTE_TOKEN}\\s*(?:作为|当作|做)${TITLE}`,
    ),
    read: ([, first, second], reading) => [
      { op: 'title', text: reading.quoted(first ?? second), fromMs: 0, forMs: 3000 },
    ],
  },
];

const logos: readonly Recogniser[] = [
  {
    pattern: words(`(?:去掉|去除|删掉|删除|移除)(?:这个|那个)?(logo水印|logo|水印|标题|文字|字幕|背景音乐|音乐|bgm)`),
    read: ([, what = '']) => [
      { op: 'remove', what: /logo|水印/iu.test(what) ? 'logo' : /音乐|bgm/iu.test(what) ? 'music' : 'title' },
    ],
  },
  {
    pattern: words(`(?:把|将|用)\\s*${FILE_TOKEN}\\s*(?:作为|当作|做)${LOGO}(?:(?:放|加)?(?:在|到|至|于)${PLACE})?`),
    read: ([, file, corner], reading) => [{ op: 'logo', corner: toCorner(corner), file: reading.file(file) }],
  },
  {
    pattern: words(`(?:把|将)?\\s*${LOGO}(?:放置|移动|放|移|加|挪)(?:在|到|至|于)${PLACE}`),
    read: ([, corner]) => [{ op: 'logo', corner: toCorner(corner), file: null }],
  },
  {
    pattern: words(
      `(?:(?:在)?${PLACE}(?:处)?)?${ADD}\\s*${FILE_TOKEN}?\\s*${LOGO}\\s*${FILE_TOKEN}?(?:,?\\s*(?:放|加|置)?(?:在|到|至|于)${PLACE})?`,
    ),
    read: ([, before, file, file2, after], reading) => [
      { op: 'logo', corner: toCorner(before ?? after), file: reading.file(file ?? file2) },
    ],
  },
];

const sound: readonly Recogniser[] = [
  {
    pattern: words(
      `(?:把|将|用)\\s*${FILE_TOKEN}\\s*(?:作为|当作|做)${MUSIC}(?:,?\\s*(?:音量)?(?:为|调到|调成|设为|调为)?\\s*(\\d+(?:\\.\\d+)?)%)?`,
    ),
    read: ([, file, percent], reading) => [{ op: 'music', file: reading.file(file), ratio: toRatio(percent) }],
  },
  {
    pattern: words(
      `(?:添加|加上|加入|加|配上|配|插入|放)(?:上|入|点|一首|一段)*\\s*${FILE_TOKEN}?\\s*${MUSIC}\\s*${FILE_TOKEN}?(?:,?\\s*(?:音量)?(?:为|调到|调成|设为|调为)?\\s*(\\d+(?:\\.\\d+)?)%)?`,
    ),
    read: ([, before, after, percent], reading) => [
      { op: 'music', file: reading.file(before ?? after), ratio: toRatio(percent) },
    ],
  },
  {
    pattern: words(`静音|(?:去掉|去除|关闭|关掉|删除|移除|消除)${WHAT}(?:原声|原音|声音|音频|音轨)`),
    read: () => [{ op: 'volume', target: 'video', ratio: 0 }],
  },
  {
    pattern: words(
      `(?:把|将)?(?:(${MUSIC})|原声|声音|音频|视频)?(?:的)?(?:音量)?(?:调整|调低|调高|调|设置|设|改|降低|降|提高)?(?:到|至|为|成)?\\s*(\\d+(?:\\.\\d+)?)%(?:的?音量)?`,
    ),
    read: ([whole, music, percent]) => {
      if (!/音量|音乐|bgm|配乐|原声|声音|音频/iu.test(whole)) return 'pass';
      if (Number(percent) > 400) return null;
      return [{ op: 'volume', target: music === undefined ? 'video' : 'music', ratio: Number(percent) / 100 }];
    },
  },
];

function toRatio(percent: string | undefined): number | null {
  return percent === undefined ? null : Number(percent) / 100;
}

const looks: readonly Recogniser[] = [
  {
    pattern: words(
      '(加速|快放|减速|放慢|慢放|播放速度|速度)?(?:播放)?(?:调整|调|改|设)?(?:到|至|为|成)?\\s*(\\d+(?:\\.\\d+)?)\\s*倍(速|慢放|快放)?(?:播放)?(?:速度)?',
    ),
    read: ([, verb, number, how]) => {
      const isSlow = /减|慢/u.test(`${verb ?? ''}${how ?? ''}`) && Number(number) > 1;
      const factor = isSlow ? 1 / Number(number) : Number(number);
      return isSpeed(factor) ? [{ op: 'speed', factor }] : null;
    },
  },
  { pattern: words('慢动作|半速'), read: () => [{ op: 'speed', factor: 0.5 }] },
  {
    pattern: words(`(?:${NUMBER}(?:的)?)?(淡入和?淡出|淡入|淡出)(?:效果)?(?:${NUMBER})?`),
    read: ([, before, beforeUnit, kind = '', after, afterUnit]) => {
      const number = before ?? after;
      const ms = number === undefined ? 1000 : toMs(number, beforeUnit ?? afterUnit);
      const ends = (['in', 'out'] as const).filter((at) => kind.includes(at === 'in' ? '淡入' : '淡出'));
      return ends.map((at) => ({ op: 'fade', at, ms }));
    },
  },
  {
    pattern: words('(顺时针|逆时针|向右|向左)?(?:旋转|转)\\s*(\\d+)\\s*(?:度|°)'),
    read: ([, way, number]) => {
      const degrees = /逆|左/u.test(way ?? '') ? -Number(number) : Number(number);
      return degrees % 90 === 0 ? [{ op: 'rotate', degrees }] : null;
    },
  },
  {
    pattern: words(
      '(?:把|将)?(?:所有|全部|这些)(?:的)?(?:视频|片段|素材)(?:合并|拼接|连接|合成|拼)(?:起来|在一起|成一个(?:视频)?|为一个(?:视频)?)?|(?:合并|拼接|连接)(?:所有|全部|这些)(?:的)?(?:视频|片段|素材)',
    ),
    read: () => [{ op: 'concat' }],
  },
];

const generation: readonly Recogniser[] = [
  {
    pattern: words('生成(?:一个|一段|一条)?(?:关于)?([^,，。;；]+?)的(?:视频|片段|画面|镜头)'),
    read: ([, prompt = '']) => [{ op: 'generate', prompt: prompt.trim() }],
  },
];

export const chinese: readonly Recogniser[] = [...generation, ...titles, ...cuts, ...logos, ...sound, ...looks];
