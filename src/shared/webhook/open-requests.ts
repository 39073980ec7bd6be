/**
 * The room for open webhook requests of this process, shared by all tenants so that there is always some left: a tenant
 * may have as many open as are still free (a dynamic threshold), so one alone takes half, two a third each. What is not
 * known to be quick may take less of it, so a tenant's own dead receivers leave room for its good ones. (How many may
 * be open to one endpoint is counted for the fleet, by delivery-enter.lua.)
 */
import { performance } from 'node:perf_hooks';
import type { Standing } from './endpoint.ts';

/** Open sockets that wait cost little (some 50 KB each with TLS). Also the concurrency of the queue `notify`. */
export const mostOpenRequests = 1024;

/** Kept for tenants that have nothing open: one each. */
const reserve = 1 / 8;
/** Share of what is free. Alone, a tenant's dead receivers hold 180, with those never tried 299, all together 448. */
const shareOf: Readonly<Record<Standing, number>> = { quick: 1, unknown: 1 / 2, troubled: 1 / 4 };

/** Until a request of the tenant has ended. */
const firstGuessMs = 100;
const minDelayMs = 50;
/** Room may come back at any time, so nobody is sent away for longer. */
const maxDelayMs = 60_000;

interface Line {
  open: number;
  usualMs: number;
  /** The last place that was given away. */
  lastPlaceAt: number;
}

export type Entry =
  { readonly kind: 'entered'; readonly leave: () => void } | { readonly kind: 'full'; readonly delayMs: number };

export interface OpenRequests {
  /** `leave` must be called when the request has ended. */
  readonly enter: (tenant: string, standing: Standing) => Entry;
  readonly size: () => number;
}

/** `now` is monotonic. */
export function createOpenRequests(most = mostOpenRequests, now: () => number = () => performance.now()): OpenRequests {
  const lines = new Map<string, Line>();
  let total = 0;
  const enter = (tenant: string, standing: Standing): Entry => {
    const line = lines.get(tenant) ?? { open: 0, usualMs: firstGuessMs, lastPlaceAt: 0 };
    lines.set(tenant, line);
    const free = Math.floor(most * (1 - reserve)) - total;
    const isFirst = line.open === 0 && total < most;
    if (!isFirst && line.open >= free * shareOf[standing]) return { kind: 'full', delayMs: givePlace(line, now()) };
    const since = now();
    let isOpen = true;
    line.open += 1;
    total += 1;
    const leave = (): void => {
      if (!isOpen) return;
      isOpen = false;
      line.open -= 1;
      total -= 1;
      line.usualMs = (line.usualMs + now() - since) / 2;
      if (line.open === 0 && line.lastPlaceAt < now()) lines.delete(tenant);
    };
    return { kind: 'entered', leave };
  };
  return { enter, size: () => total };
}

/** One service time behind the one before, so that those who come back find room, and do not come back in vain. */
function givePlace(line: Line, nowMs: number): number {
  line.lastPlaceAt = Math.max(line.lastPlaceAt, nowMs) + line.usualMs / Math.max(1, line.open);
  line.lastPlaceAt = Math.min(line.lastPlaceAt, nowMs + maxDelayMs);
  return Math.ceil(Math.max(minDelayMs, line.lastPlaceAt - nowMs));
}
