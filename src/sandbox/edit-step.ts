/** What applying one edit needs and gives. Types only. */
import type { Draft } from './draft.ts';
import type { Language } from './replies.ts';
import type { Media } from './store.ts';

export interface EditContext {
  readonly media: readonly Media[];
  /** Clips that this instruction will generate. */
  readonly planned: readonly Media[];
  /** Whether a font is here that can draw this text. */
  readonly canDraw: (text: string) => boolean;
}

export type Step = { readonly draft: Draft } | { readonly ask: (language: Language) => string };
