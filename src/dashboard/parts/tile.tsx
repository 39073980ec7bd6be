/** One figure, what it is, and what it means. */
import type { ComponentChildren } from 'preact';
import type { Tone } from './mark.tsx';

interface TileProps {
  readonly label: string;
  readonly value: string;
  readonly detail: string;
  readonly extra?: ComponentChildren;
  readonly tone?: Tone | undefined;
  /** 0–1: how full it is. */
  readonly share?: number;
  readonly href?: string;
}

export function Tile({ label, value, detail, extra, tone, share, href }: TileProps) {
  return (
    <div class={`tile ${tone ?? ''}`}>
      <span class="tile-label">{href === undefined ? label : <a href={href}>{label}</a>}</span>
      <span class="tile-value">{value}</span>
      {share === undefined ? null : (
        <span class="gauge" aria-hidden="true">
          <span style={{ width: `${Math.min(100, 100 * share)}%` }} />
        </span>
      )}
      <span class="tile-detail">{detail}</span>
      {extra === undefined ? null : <span class="tile-detail">{extra}</span>}
    </div>
  );
}
