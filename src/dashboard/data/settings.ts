/** What a person chose on this machine: language and theme. Kept in the browser alone. */
import { effect, signal } from '@preact/signals';

export type Language = 'en' | 'zh';
export type Theme = 'system' | 'light' | 'dark';

const stored = (name: string): string | null => {
  try {
    return localStorage.getItem(name);
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
    return null;
  }
};

const firstLanguage = (): Language => {
  const chosen = stored('language') ?? navigator.language;
  return chosen.startsWith('zh') ? 'zh' : 'en';
};
const firstTheme = (): Theme => {
  const chosen = stored('theme');
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
};

export const language = signal<Language>(firstLanguage());
export const theme = signal<Theme>(firstTheme());

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // As above.
  }
}

export function followSettings(): void {
  effect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
    keep('language', language.value);
  });
  effect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme.value;
    keep('theme', theme.value);
  });
}

const prefersDark = matchMedia('(prefers-color-scheme: dark)');

export const isDark = (): boolean => (theme.value === 'system' ? prefersDark.matches : theme.value === 'dark');
