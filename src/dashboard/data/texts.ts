/** The page's words, in the language that is chosen. */
import { language } from './settings.ts';
import { en } from './texts-en.ts';
import { enDetail } from './texts-en-detail.ts';
import { zh } from './texts-zh.ts';
import { zhDetail } from './texts-zh-detail.ts';

const texts = { en: { ...en, ...enDetail }, zh: { ...zh, ...zhDetail } };
export type TextName = keyof typeof texts.en;

type Values = Readonly<Record<string, string | number>>;

export function t(name: TextName, values: Values = {}): string {
  const text: string = texts[language.value][name];
  return text.replaceAll(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ''));
}

/** For names that come from the server: one that a newer server has is shown as it is. */
export function named(prefix: 's_' | 'w_' | 'e_' | 'b_' | 'step_', name: string): string {
  const key = `${prefix}${name}`;
  return Object.hasOwn(texts.en, key) ? t(key as TextName) : name;
}
