/**
 * Puts the text of a turn together, each sentence once: partial chunks are followed by one event with the same text.
 * No I/O. Tools are counted by call, because the settling of a turn compares media with the calls seen.
 */
import { maxBytes } from './timeouts.ts';
import type { TurnSignal } from './turn-event.ts';

export interface TurnReply {
  /** Takes a signal in; returns the text that is new to a reader, '' where there is none. */
  readonly add: (signal: Extract<TurnSignal, { text: string }>) => string;
  /** False where this call was counted already. */
  readonly addTool: (signal: Extract<TurnSignal, { type: 'tool' }>) => boolean;
  readonly text: () => string;
  readonly tools: () => readonly string[];
}

const maxTools = 1000;

export function createTurnReply(): TurnReply {
  let settled = '';
  let open: string[] = [];
  let openLength = 0;
  const tools: string[] = [];
  const seenIds = new Set<string>();
  const openTools: string[] = [];

  const append = (text: string, separator = ''): void => {
    settled = `${settled}${settled === '' ? '' : separator}${text}`.slice(0, maxBytes.turnReply);
  };
  const closeOpen = (): string => {
    const text = open.join('');
    open = [];
    openLength = 0;
    return text;
  };
  const addWhole = (text: string): string => {
    const chunks = open;
    const before = closeOpen();
    // It repeats everything so far, and perhaps goes on.
    if (settled !== '' && text.startsWith(settled) && holdsInOrder(text.slice(settled.length), chunks)) {
      const shown = `${settled}${before}`;
      settled = text.slice(0, maxBytes.turnReply);
      return text.startsWith(shown) ? text.slice(shown.length) : '';
    }
    if (before !== '' && !holdsInOrder(text, chunks)) append(before);
    append(text, separatorBetween(settled, text));
    if (before === '') return text;
    return text.startsWith(before) ? text.slice(before.length) : holdsInOrder(text, chunks) ? '' : text;
  };
  return {
    add: (signal) => {
      const repeats = signal.type === 'whole' || (signal.type === 'loose' && open.length > 0);
      if (repeats) return addWhole(signal.text);
      if (signal.type !== 'partial') append(signal.text);
      else if (openLength < maxBytes.turnReply) {
        open.push(signal.text);
        openLength += signal.text.length;
      }
      return signal.text;
    },
    addTool: ({ name, id, partial }) => {
      if (id !== null && seenIds.has(id)) return false;
      if (id !== null) seenIds.add(id);
      const index = id === null && !partial ? openTools.indexOf(name) : -1;
      if (index >= 0) {
        openTools.splice(index, 1);
        return false;
      }
      if (id === null && partial) openTools.push(name);
      if (tools.length < maxTools) tools.push(name);
      return true;
    },
    text: () => `${settled}${open.join('')}`.slice(0, maxBytes.turnReply),
    tools: () => [...tools],
  };
}

/** The chunks stand in the text one after the other; a chunk may be missing where its line was damaged. */
function holdsInOrder(text: string, chunks: readonly string[]): boolean {
  let position = 0;
  for (const chunk of chunks) {
    const at = text.indexOf(chunk, position);
    if (at < 0) return false;
    position = at + chunk.length;
  }
  return true;
}

/** Two events with a sentence each would run into one another. */
function separatorBetween(before: string, after: string): string {
  return /[.!?。！？…:：]$/u.test(before) && /^\S/u.test(after) ? '\n' : '';
}
