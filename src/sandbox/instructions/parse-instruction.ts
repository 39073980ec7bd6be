/**
 * Sentence → edits. Every word has to be accounted for: what is left after the recognisers took theirs must be
 * filler, or the whole sentence is asked back and nothing is applied. Half an instruction would be a wrong video.
 */
import { chinese } from './chinese.ts';
import type { Edit, Parsed, Reading, Recogniser } from './edit.ts';
import { english } from './english.ts';
import { MARK, mask } from './mask.ts';
import { shapes } from './shapes.ts';

const recognisers: readonly Recogniser[] = [...english, ...chinese, ...shapes];

/** Words that change nothing. Never a negation, never "without": those must be asked back. */
const ENGLISH_FILLER =
  /\b(?:and|then|also|plus|please|kindly|can|could|you|would|next|finally|lastly|afterwards|after that|firstly|first(?=,)|for|me|to|from|on|onto|in|of|at|the|a|an|all|every|each|both|these|those|this|that|my|our|your|it|its|their|them|videos?|clips?|files?|footage|product|make|turn|convert|change|resize|scale|crop|set|switch|process|export|render|output|into|as|is|be|with|aspect ratio|ratio|resolution|format|quality|mp4|whole|entire|uploaded|effects?|one|two|three|four|five|six|seven|eight|nine|ten|i want|i need|we need)\b|\b\d+-second\b/giu;
const CHINESE_FILLER =
  /请|帮我|帮忙|麻烦|我想|我要|把|将|给|对|从|为|中|里|都|的|了|吧|一下|然后|并且|并|再|接着|同时|最后|首先|先|和|以及|所有|全部|每一个|每个|每段|这个|这些|整个|视频|片段|素材|影片|改成|改为|变成|转成|转为|转换成|换成|裁剪成|裁成|调整为|调整到|调整成|做成|设为|设置为|设置成|比例|画面|分辨率|尺寸|格式|导出|输出|成|效果|一个|添加|加上|加个|加|上|到|在/gu;
const EACH =
  /\b(?:all|each|every|both)\b(?:\s+(?:of|the|these|my|uploaded|product))*\s+(?:videos?|clips?|files?)\b|(?:所有|全部|每一个|每个|每段)(?:的)?(?:视频|片段|素材|影片)/iu;

interface Found {
  readonly at: number;
  readonly edits: readonly Edit[];
}

export function parseInstruction(instruction: string, mediaNames: readonly string[] = []): Parsed {
  const masked = mask(instruction, mediaNames);
  const at = (token: string | undefined): number => Number(/\d+/u.exec(token ?? '')?.[0] ?? -1);
  const reading: Reading = {
    each: EACH.test(masked.text),
    quoted: (token) => masked.quotes[at(token)] ?? '',
    file: (token) => masked.files[at(token)] ?? null,
  };
  const { found, rest, isRefused } = recognise(masked.text, reading);
  const left = leftOver(rest);
  if (isRefused || left !== '' || found.length === 0) return { kind: 'question', rest: left };
  const edits = found.toSorted((first, second) => first.at - second.at).flatMap((each) => each.edits);
  return { kind: 'edits', edits };
}

function recognise(text: string, reading: Reading) {
  const found: Found[] = [];
  let rest = text;
  let isRefused = false;
  for (const { pattern, read } of recognisers) {
    rest = rest.replace(pattern, (...parts: unknown[]) => {
      // replace() hands the groups, then offset and text; a match array is what the recognisers read.
      const end = parts.findIndex((part) => typeof part === 'number');
      const offset = Number(parts[end]);
      const edits = read(parts.slice(0, end) as unknown as RegExpExecArray, reading);
      if (edits === 'pass') return String(parts[0]);
      if (edits === null) isRefused = true;
      else found.push({ at: offset, edits });
      // Same length as the words it stands for, so that later offsets still say the order.
      return MARK.repeat(String(parts[0]).length);
    });
  }
  return { found, rest, isRefused };
}

function leftOver(rest: string): string {
  return rest
    .replaceAll(MARK, ' ')
    .replace(ENGLISH_FILLER, ' ')
    .replace(CHINESE_FILLER, ' ')
    .replace(/[\uE000-\uE003]+\d*/gu, (token) => (/\d/u.test(token) ? ' … ' : ' '))
    .replace(/[\s.,;:!&+。，、；：！/()-]+/gu, ' ')
    .trim();
}
