/** A status as a shape, a colour and a word: never a colour alone. */
import { named } from '../data/texts.ts';

export type Tone = 'good' | 'bad' | 'busy' | 'still' | 'held' | 'gone';

const tones: Readonly<Record<string, Tone>> = {
  queued: 'still',
  pending: 'still',
  uploading: 'busy',
  editing: 'busy',
  checking: 'busy',
  rendering: 'busy',
  delivering: 'busy',
  processing: 'busy',
  parked: 'held',
  paused: 'held',
  blocked: 'held',
  completed: 'good',
  delivered: 'good',
  failed: 'bad',
  canceling: 'gone',
  canceled: 'gone',
};

/** 16 × 16; strokes, so that they read on any ground. */
const shapes: Readonly<Record<Tone, string>> = {
  good: 'M3.5 8.5l3 3 6-7',
  bad: 'M4 4l8 8M12 4l-8 8',
  busy: 'M5 3.5l7 4.5-7 4.5z',
  still: 'M8 4v4l2.5 2.5M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8z',
  held: 'M5.5 3.5v9M10.5 3.5v9',
  gone: 'M3.8 3.8l8.4 8.4M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8z',
};

export const toneOf = (status: string): Tone => tones[status] ?? 'still';

export function Shape({ tone }: { readonly tone: Tone }) {
  return (
    <svg class={`shape ${tone}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d={shapes[tone]} />
    </svg>
  );
}

export function Mark({ status }: { readonly status: string }) {
  const tone = toneOf(status);
  return (
    <span class={`mark ${tone}`} data-status={status}>
      <Shape tone={tone} />
      {named('s_', status)}
    </span>
  );
}
