/** Numbers and times in words, in the language that is chosen. */
import { language } from './settings.ts';

const localeOf = (): string => (language.value === 'zh' ? 'zh-CN' : 'en-GB');

export const count = (value: number): string => Math.round(value).toLocaleString(localeOf());

/** 12.3k, so that a tile holds it. */
export const short = (value: number): string =>
  Math.abs(value) < 10_000
    ? count(value)
    : new Intl.NumberFormat(localeOf(), { notation: 'compact', maximumFractionDigits: 1 }).format(value);

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power] ?? ''}`;
}

const words = {
  en: { d: 'd', h: 'h', m: 'min', s: 's' },
  zh: { d: '天', h: '小时', m: '分', s: '秒' },
} as const;

/** Two units at most: 3 h 20 min. */
export function duration(ms: number): string {
  const unit = words[language.value];
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), unit.d],
    [Math.floor((seconds % 86_400) / 3600), unit.h],
    [Math.floor((seconds % 3600) / 60), unit.m],
    [seconds % 60, unit.s],
  ];
  const from = parts.findIndex(([value]) => value > 0);
  if (from === -1) return `0 ${unit.s}`;
  return parts
    .slice(from, from + 2)
    .filter(([value]) => value > 0)
    .map(([value, name]) => `${value} ${name}`)
    .join(' ');
}

/** For what took less than a second, too. */
export const precise = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : duration(ms));

const isToday = (date: Date): boolean => date.toDateString() === new Date().toDateString();

/** The time alone where it was today. */
export function time(at: number | string): string {
  const date = new Date(at);
  return date.toLocaleString(localeOf(), {
    ...(isToday(date) ? {} : { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
}
