/** English forms of trimming and cutting. `trim 2s to 5s` alone could mean both ways, so it is asked back. */
import type { Edit, Reading, Recogniser } from './edit.ts';
import { toMs, toPointMs } from './quantities.ts';

const VERB = '(?:trim|cut|remove|drop|delete|skip|chop|strip|take|clip|shave|crop)(?:\\s+(?:off|away|out))?';
const REMOVE = '(?:cut|remove|drop|delete|take|chop)(?:\\s+out)?';
const OWNER = '(?:\\s+(?:the|their|its|about|exactly))*';
const WHAT = '(?:\\s+(?:it|them|(?:(?:the|all|each|every|these|my|uploaded)\\s+)*(?:videos?|clips?|files?)))?';
const PART = '(?:\\s+the\\s+(?:part|section|segment|bit|piece))?';
const SIDE = '(first|opening|initial|starting|beginning|last|final|closing|ending)';
const FROM_SIDE = '(?:from|off|at|of)(?:\\s+of)?\\s+(?:the\\s+)?(start|beginning|front|head|end|tail|back)';
const UNIT = '(ms|milliseconds?|seconds?|secs?|sec|s|minutes?|mins?|min)\\b';
const DURATION = `(\\d+(?:\\.\\d+)?)[\\s-]*${UNIT}`;
const POINT =
  '((?:\\d+:)?\\d+:\\d{2}(?:\\.\\d+)?|\\d+(?:\\.\\d+)?(?:\\s*(?:ms|seconds?|secs?|sec|s|minutes?|mins?|min)\\b)?)';
const AND = '\\s*(?:,|and|&|,\\s*and|plus|as\\s+well\\s+as)\\s+(?:also\\s+)?(?:the\\s+)?';
const RANGE = `(?:\\s+(?:from|between))?\\s+(?:second\\s+)?${POINT}\\s*(?:to|-|–|—|and|until|till|through)\\s*(?:second\\s+)?${POINT}`;

const words = (source: string): RegExp => new RegExp(source, 'giu');

function sideOf(word: string | undefined): 'start' | 'end' {
  return /last|final|closing|ending|end|tail|back/iu.test(word ?? '') ? 'end' : 'start';
}

function toRange(op: 'keep-range' | 'cut-range', from: string | undefined, to: string | undefined, reading: Reading) {
  const toMsValue = toPointMs(to);
  // "from 2 to 5 minutes": the unit after the second number counts for both.
  const unit = /[a-z]+$/iu.exec(to ?? '')?.[0];
  const fromMs = /^\d+(?:\.\d+)?$/u.test(from ?? '') && unit !== undefined ? toMs(from, unit) : toPointMs(from);
  return toMsValue > fromMs ? [{ op, fromMs, toMs: toMsValue, each: reading.each } as const] : null;
}

function toTrims(
  pairs: readonly (readonly [string | undefined, string | undefined, string | undefined])[],
  reading: Reading,
): Edit[] {
  return pairs
    .filter(([, number]) => number !== undefined)
    .map(([side, number, unit]) => ({ op: 'trim', end: sideOf(side), ms: toMs(number, unit), each: reading.each }));
}

export const englishCuts: readonly Recogniser[] = [
  {
    pattern: words(`\\b(?:only\\s+)?keep(?:\\s+only)?${WHAT}${PART}${RANGE}`),
    read: ([, from, to], reading) => toRange('keep-range', from, to, reading),
  },
  {
    pattern: words(
      `\\btrim${WHAT}\\s+(?:down\\s+)?to\\s+(?:the\\s+(?:part|section)\\s+)?${POINT}\\s*(?:-|–|—|to|until)\\s*${POINT}`,
    ),
    read: ([, from, to], reading) => toRange('keep-range', from, to, reading),
  },
  { pattern: words(`\\btrim${WHAT}${PART}${RANGE}`), read: () => null },
  {
    pattern: words(`\\b${REMOVE}${PART}(?:\\s+out)?${RANGE}`),
    read: ([, from, to], reading) => toRange('cut-range', from, to, reading),
  },
  {
    pattern: words(`\\b(?:only\\s+)?keep(?:\\s+only|\\s+just)?${OWNER}\\s+${SIDE}\\s+${DURATION}`),
    read: ([, side, number, unit], reading) => [
      { op: 'keep-end', end: sideOf(side), ms: toMs(number, unit), each: reading.each },
    ],
  },
  {
    pattern: words(
      `\\b(?:trim|cut|shorten|limit|reduce)${WHAT}(?:\\s+down)?\\s+to\\s+(?:the\\s+)?(?:${SIDE}\\s+)?${DURATION}`,
    ),
    read: ([, side, number, unit], reading) => [
      { op: 'keep-end', end: sideOf(side), ms: toMs(number, unit), each: reading.each },
    ],
  },
  {
    pattern: words(
      `\\b${VERB}${OWNER}\\s+(?:first\\s+and\\s+(?:the\\s+)?last|last\\s+and\\s+(?:the\\s+)?first)\\s+${DURATION}`,
    ),
    read: ([, number, unit], reading) =>
      toTrims(
        [
          ['first', number, unit],
          ['last', number, unit],
        ],
        reading,
      ),
  },
  {
    pattern: words(`\\b${VERB}${OWNER}\\s+${SIDE}\\s+${DURATION}(?:${AND}${SIDE}\\s+${DURATION})?`),
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
    pattern: words(`\\b${VERB}${OWNER}\\s+${DURATION}\\s+(?:from|off|at)\\s+both\\s+ends`),
    read: ([, number, unit], reading) =>
      toTrims(
        [
          ['first', number, unit],
          ['last', number, unit],
        ],
        reading,
      ),
  },
  {
    pattern: words(
      `\\b${VERB}${OWNER}\\s+${DURATION}\\s+(?:off\\s+)?${FROM_SIDE}(?:${AND}${DURATION}\\s+(?:off\\s+)?${FROM_SIDE})?`,
    ),
    read: ([, number, unit, side, number2, unit2, side2], reading) =>
      toTrims(
        [
          [side, number, unit],
          [side2, number2, unit2],
        ],
        reading,
      ),
  },
];
