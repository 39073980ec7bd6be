/** What an instruction can ask for, as data. The parser makes these; `apply-edits` is the only one that acts on them. */
import type { Corner } from '../draft.ts';

export type Edit =
  | { readonly op: 'trim'; readonly end: 'start' | 'end'; readonly ms: number; readonly each: boolean }
  | { readonly op: 'keep-end'; readonly end: 'start' | 'end'; readonly ms: number; readonly each: boolean }
  | { readonly op: 'cut-range'; readonly fromMs: number; readonly toMs: number; readonly each: boolean }
  | { readonly op: 'keep-range'; readonly fromMs: number; readonly toMs: number; readonly each: boolean }
  | { readonly op: 'logo'; readonly corner: Corner | null; readonly file: string | null }
  | { readonly op: 'title'; readonly text: string; readonly fromMs: number; readonly forMs: number }
  | { readonly op: 'shape'; readonly across: number; readonly down: number }
  | { readonly op: 'resize'; readonly shortSide: number }
  | { readonly op: 'size'; readonly width: number; readonly height: number }
  | { readonly op: 'speed'; readonly factor: number }
  | { readonly op: 'volume'; readonly target: 'video' | 'music'; readonly ratio: number }
  | { readonly op: 'music'; readonly file: string | null; readonly ratio: number | null }
  | { readonly op: 'fade'; readonly at: 'in' | 'out'; readonly ms: number }
  | { readonly op: 'rotate'; readonly degrees: number }
  | { readonly op: 'concat' }
  | { readonly op: 'generate'; readonly prompt: string }
  | { readonly op: 'place' }
  | { readonly op: 'remove'; readonly what: 'logo' | 'title' | 'music' };

export type Parsed =
  | { readonly kind: 'edits'; readonly edits: readonly Edit[] }
  /** Not understood: `rest` is the part nothing is known for, empty where nothing at all was recognised. */
  | { readonly kind: 'question'; readonly rest: string };

/** What a recogniser may use beside its match. */
export interface Reading {
  /** The instruction speaks of every video. */
  readonly each: boolean;
  readonly quoted: (token: string | undefined) => string;
  readonly file: (token: string | undefined) => string | null;
}

export interface Recogniser {
  readonly pattern: RegExp;
  /**
   * Null: the words fit, but mean nothing safe (30 degrees, say); the instruction is asked back then.
   * `pass`: the words are not for this recogniser, another one may take them.
   */
  readonly read: (match: RegExpExecArray, reading: Reading) => readonly Edit[] | 'pass' | null;
}
