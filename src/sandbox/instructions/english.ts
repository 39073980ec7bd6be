/** English forms. Order matters: the more specific pattern stands first and takes its words away from the later ones. */
import type { Recogniser } from './edit.ts';
import { englishCuts } from './english-cuts.ts';
import { FILE_TOKEN, QUOTE_TOKEN } from './mask.ts';
import { isSpeed, toCorner, toMs, toPointMs } from './quantities.ts';

const ADD = '(?:add|put|place|overlay|insert|apply|use|show|stamp|set|include|move|position|give it|have)';
const ARTICLE = '(?:\\s+(?:a|an|the|my|our|their|its|some|this|that))?';
const LOGO = '(?:logo\\s+watermark|watermark\\s+logo|logo\\s+image|watermark\\s+image|logos?|watermarks?)';
const OBJECT =
  '(?:\\s+(?:on|to|onto|over|from)\\s+(?:it|(?:(?:all|each|every|the|these|my)\\s+)*(?:of\\s+the\\s+)?(?:videos?|clips?|files?)))?';
const CORNER =
  '(?:,?\\s*(?:(?:in|at|to|on|into|near)\\s+)?(?:the\\s+)?((?:top|upper|bottom|lower)[\\s-]*(?:left|right)(?:[\\s-]*hand)?|center|centre|middle)(?:\\s+(?:corner|side))?)';
const TITLE = '(?:opening\\s+title|title\\s+card|text\\s+overlay|title|text|caption|headline|heading)';
const DURATION = '(\\d+(?:\\.\\d+)?)[\\s-]*(ms|milliseconds?|seconds?|secs?|sec|s|minutes?|mins?|min)\\b';
const MUSIC =
  '(?:background\\s+music|background\\s+track|background\\s+song|backing\\s+track|bgm|soundtrack|music(?:\\s+track)?|song|audio\\s+track)';
const MOOD = '(?:\\s+(?:lo-?fi|calm|upbeat|soft|quiet|happy|uploaded|brand|company|small|white))*';
const LEVEL =
  '(?:,?\\s*(?:at|to|with|of)?\\s*(?:a\\s+)?(?:volume\\s+(?:of\\s+)?)?(\\d+(?:\\.\\d+)?)\\s*(?:%|percent)(?:\\s+(?:of\\s+the\\s+)?volume)?)?';

const words = (source: string): RegExp => new RegExp(source, 'giu');

const logos: readonly Recogniser[] = [
  {
    pattern: words(
      `\\b(?:remove|delete|drop|take\\s+out)\\s+(?:the\\s+)?(logo|watermark|title|text|background\\s+music|music|bgm)(?!\\p{L})`,
    ),
    read: ([, what = '']) => [
      { op: 'remove', what: /logo|water/iu.test(what) ? 'logo' : /music|bgm/iu.test(what) ? 'music' : 'title' },
    ],
  },
  {
    pattern: words(
      `\\b${ADD}${ARTICLE}${MOOD}\\s+${FILE_TOKEN}?\\s*${LOGO}(?:\\s+${FILE_TOKEN})?${OBJECT}${CORNER}?${OBJECT}`,
    ),
    read: ([, before, after, corner], reading) => [
      { op: 'logo', corner: toCorner(corner), file: reading.file(before ?? after) },
    ],
  },
  {
    pattern: words(
      `\\b${ADD}\\s+(?:the\\s+)?${FILE_TOKEN}\\s+(?:as|for)${ARTICLE}\\s+${LOGO}${OBJECT}${CORNER}?${OBJECT}`,
    ),
    read: ([, file, corner], reading) => [{ op: 'logo', corner: toCorner(corner), file: reading.file(file) }],
  },
  {
    pattern: words(
      `\\b(?:watermark|brand)\\s+(?:it|(?:(?:all|each|every|the|these|my)\\s+)*(?:videos?|clips?|files?))(?:\\s+with${ARTICLE}(?:\\s+logo|\\s*${FILE_TOKEN}))?${CORNER}?`,
    ),
    read: ([, file, corner], reading) => [{ op: 'logo', corner: toCorner(corner), file: reading.file(file) }],
  },
];

/** First of all: what is to be seen in the clip may sound like an edit. */
const generation: readonly Recogniser[] = [
  {
    pattern: words(
      '\\b(?:generate|create)\\s+(?:a|an)\\s+(?:[\\w-]+\\s+){0,4}?(?:video|clip|shot|scene)\\s+((?:of|showing|about|with)\\s+[^.,;]+)',
    ),
    read: ([, prompt = '']) => [{ op: 'generate', prompt: prompt.trim() }],
  },
];

const titles: readonly Recogniser[] = [
  {
    pattern: words(
      `\\b(?:${ADD}|write|display|overlay)(?:\\s+(?:a|an|the))?(?:\\s+${TITLE})?(?:\\s*:|\\s+(?:saying|that\\s+says|reading|that\\s+reads|with\\s+the\\s+text|of|to|as|called))?\\s*${QUOTE_TOKEN}(?:\\s+(?:as|for)\\s+(?:a\\s+|the\\s+)?${TITLE})?(?:\\s+(?:on\\s+screen|on\\s+top|to\\s+the\\s+video))?(?:\\s+(?:for|during|over|in)\\s+(?:the\\s+)?(?:first\\s+)?${DURATION}|\\s+from\\s+([\\d:.]+)\\s*s?(?:ec|econds?)?\\s*(?:to|-|–)\\s*([\\d:.]+)\\s*s?(?:ec|econds?)?)?`,
    ),
    read: ([, quote, number, unit, from, to], reading) => {
      const fromMs = from === undefined ? 0 : toPointMs(from);
      const forMs = number === undefined ? (to === undefined ? 3000 : toPointMs(to) - fromMs) : toMs(number, unit);
      return forMs > 0 ? [{ op: 'title', text: reading.quoted(quote), fromMs, forMs }] : null;
    },
  },
];

const music: readonly Recogniser[] = [
  {
    pattern: words(
      `\\b(?:${ADD}|play|lay|mix\\s+in)\\s+(?:the\\s+)?${FILE_TOKEN}\\s+(?:as|for)${ARTICLE}\\s+${MUSIC}(?:\\s+under\\s+(?:it|the\\s+videos?))?${LEVEL}`,
    ),
    read: ([, file, percent], reading) => [{ op: 'music', file: reading.file(file), ratio: toRatio(percent) }],
  },
  {
    pattern: words(
      `\\b(?:add|put|place|insert|use|include|play|lay|mix\\s+in)${ARTICLE}${MOOD}\\s+${FILE_TOKEN}?\\s*${MUSIC}(?:\\s+${FILE_TOKEN})?${OBJECT}(?:\\s+under\\s+(?:it|the\\s+videos?))?${LEVEL}`,
    ),
    read: ([, before, after, percent], reading) => [
      { op: 'music', file: reading.file(before ?? after), ratio: toRatio(percent) },
    ],
  },
];

function toRatio(percent: string | undefined): number | null {
  return percent === undefined ? null : Number(percent) / 100;
}

const sound: readonly Recogniser[] = [
  {
    pattern: words(
      '\\b(?:mute|silence)\\b(?:\\s+(?:the|all))?(?:\\s+original)?(?:\\s+(?:audio|sound))?|\\b(?:remove|turn\\s+off|drop|delete|strip|kill)\\s+(?:the\\s+|all\\s+)?(?:original\\s+)?(?:audio|sound)(?!\\s*track)\\b|\\bno\\s+(?:audio|sound)\\b',
    ),
    read: () => [{ op: 'volume', target: 'video', ratio: 0 }],
  },
  {
    pattern: words(
      '\\b(?:(lower|reduce|decrease|raise|increase|turn\\s+down|turn\\s+up)\\s+)?(?:the\\s+)?(?:(background\\s+music|music|bgm|soundtrack|song)|original\\s+audio|audio|sound|voice|video)?\\s*(?:\\b(?:volume|level)\\b)?(?:\\s+(?:of\\s+)?(?:the\\s+)?(background\\s+music|music|bgm|audio|sound|video))?\\s*(?:up|down)?\\s*(to|at|by|:|=)?\\s*(\\d+(?:\\.\\d+)?)\\s*(?:%|percent)(?:\\s+volume)?',
    ),
    read: ([whole, verb, music, ofWhat, way, percent]) =>
      readVolume(whole, verb, `${music ?? ''}${ofWhat ?? ''}`, way, Number(percent) / 100),
  },
];

function readVolume(whole: string, verb: string | undefined, of: string, way: string | undefined, ratio: number) {
  if (!/volume|level|music|bgm|soundtrack|song|audio|sound|voice/iu.test(whole)) return 'pass';
  const isDown = verb !== undefined && /lower|reduce|decrease|down/iu.test(verb);
  const wanted = way !== 'by' ? ratio : isDown ? 1 - ratio : 1 + ratio;
  if (wanted < 0 || wanted > 4) return null;
  return [{ op: 'volume', target: /music|bgm|soundtrack|song/iu.test(of) ? 'music' : 'video', ratio: wanted } as const];
}

const speeds: readonly Recogniser[] = [
  {
    pattern: words(
      '\\b(?:(speed|slow|play|run)\\b(?:\\s+(?:it|(?:the|all|each|every|these)?\\s*(?:videos?|clips?)))?(?:\\s+(?:up|down))?\\s*(?:(?:to|by|at|of)\\s+)?)?(?<![\\d.])(\\d+(?:\\.\\d+)?)\\s*(?:x|×|times)(?![a-z\\d])(?:\\s+(?:the\\s+)?(?:original\\s+|playback\\s+|normal\\s+)?(speed|faster|slower|as\\s+fast|slow\\s+motion))?',
    ),
    read: ([, verb, number, how]) => {
      const isSlow = (/slow/iu.test(verb ?? '') && Number(number) > 1) || /slower|slow/iu.test(how ?? '');
      const factor = isSlow ? 1 / Number(number) : Number(number);
      return isSpeed(factor) ? [{ op: 'speed', factor }] : null;
    },
  },
  {
    pattern: words(
      '\\b(speed|slow)(?:\\s+(?:it|(?:the|all)?\\s*(?:videos?|clips?)))?\\s+(up|down)\\s+by\\s+(\\d+(?:\\.\\d+)?)\\s*(?:%|percent)',
    ),
    read: ([, , way, percent]) => {
      const factor = way?.toLowerCase() === 'up' ? 1 + Number(percent) / 100 : 1 - Number(percent) / 100;
      return isSpeed(factor) ? [{ op: 'speed', factor }] : null;
    },
  },
  {
    pattern: words('\\b(?:at\\s+)?(?:double|twice)\\s+(?:the\\s+)?speed\\b|\\btwice\\s+as\\s+fast\\b'),
    read: () => [{ op: 'speed', factor: 2 }],
  },
  {
    pattern: words('\\b(?:at\\s+)?half\\s+(?:the\\s+)?speed\\b|\\bslow\\s+motion\\b'),
    read: () => [{ op: 'speed', factor: 0.5 }],
  },
];

const looks: readonly Recogniser[] = [
  {
    pattern: words(
      `(?:\\badd\\s+(?:an?\\s+)?)?(?:${DURATION}\\s+)?\\bfade[\\s-]*(in\\s+and\\s+(?:fade[\\s-]*)?out|in\\s*/\\s*out|in|out|to\\s+black(?:\\s+at\\s+the\\s+end)?|from\\s+black)\\b(?:\\s+effects?)?(?:\\s+(?:at\\s+the\\s+(?:start|beginning|end)))?(?:\\s+(?:of|for|over|lasting|with|during|in)?\\s*(?:the\\s+)?(?:first\\s+|last\\s+)?${DURATION})?`,
    ),
    read: ([, before, beforeUnit, kind = '', after, afterUnit]) => {
      const number = before ?? after;
      const ms = number === undefined ? 1000 : toMs(number, beforeUnit ?? afterUnit);
      const isIn = /^in|from/iu.test(kind);
      const isOut = /out$|to\s+black/iu.test(kind);
      return [
        ...(isIn ? [{ op: 'fade', at: 'in', ms } as const] : []),
        ...(isOut ? [{ op: 'fade', at: 'out', ms } as const] : []),
      ];
    },
  },
  {
    pattern: words(
      '\\b(?:rotate|turn)\\b(?:\\s+(?:it|(?:the|all|each|every|these)?\\s*(?:videos?|clips?)))?\\s+(?:by\\s+)?(\\d+)\\s*(?:°|degrees?|deg)(?:\\s+(?:to\\s+the\\s+)?(clockwise|counter-?\\s?clockwise|anti-?clockwise|left|right))?',
    ),
    read: ([, number, way]) => {
      const turn = /counter|anti|left/iu.test(way ?? '') ? -Number(number) : Number(number);
      return turn % 90 === 0 ? [{ op: 'rotate', degrees: turn }] : null;
    },
  },
  { pattern: words('\\bupside\\s+down\\b'), read: () => [{ op: 'rotate', degrees: 180 }] },
  {
    pattern: words(
      '\\b(?:join|merge|concatenate|combine|stitch)\\b(?:\\s+(?:all|both|the|these|my|uploaded|of))*\\s+(?:videos|clips|files|them)(?:\\s+together)?(?:\\s+into\\s+(?:one|a\\s+single)(?:\\s+(?:video|clip|file))?)?',
    ),
    read: () => [{ op: 'concat' }],
  },
  {
    pattern: words(
      '\\b(?:put|place|add)\\s+(?:(?:the|all|my|these|uploaded)\\s+)*(?:videos?|clips?)\\s+(?:on|onto|to|in)\\s+the\\s+timeline',
    ),
    read: () => [{ op: 'place' }],
  },
];

export const english: readonly Recogniser[] = [
  ...generation,
  ...titles,
  ...englishCuts,
  ...logos,
  ...music,
  ...sound,
  ...speeds,
  ...looks,
];
