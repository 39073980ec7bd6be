/**
 * The room for open webhook requests of this process, shared by all tenants so that there is always some left: a tenant
 * may have as many open as are still free (a dynamic threshold), so one alone takes half, two a third each. What is not
 * known to be quick may take less of it, so a tenant's own dead receivers leave room for its good ones. (How many may
 * be open to one endpoint is counted for the fleet, by delivery-enter.lua.)
 */
import { performance } from 'node:perf_hooks';
import { createWaitingRoom } from './waiting-room.ts';
import type { Standing } from './endpoint.ts';

/** Open sockets that wait cost little (some 50 KB each with TLS). */
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
  /** The same, after a moment where there may be room by then: in the order of asking, by tenant and standing. */
  readonly enterSoon: (tenant: string, standing: Standing) => Promise<Entry>;
  readonly size: () => number;
}

/** `now` is monotonic. */
export function createOpenRequests(most = mostOpenRequests, now: () => number = () => performance.now()): OpenRequests {
  const lines = new Map<string, Line>();
  const waiting = createWaitingRoom();
  let total = 0;
  const hasRoom = (tenant: string, standing: Standing): boolean => {
    const open = lines.get(tenant)?.open ?? 0;
    const free = Math.floor(most * (1 - reserve)) - total;
    return (open === 0 && total < most) || open < free * shareOf[standing];
  };
  const enter = (tenant: string, standing: Standing): Entry => {
    const line = lines.get(tenant) ?? { open: 0, usualMs: firstGuessMs, lastPlaceAt: 0 };
    lines.set(tenant, line);
    if (!hasRoom(tenant, standing)) return { kind: 'full', delayMs: givePlace(line, now()) };
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
      waiting.admit(hasRoom);
    };
    return { kind: 'entered', leave };
  };
  const enterSoon = async (tenant: string, standing: Standing): Promise<Entry> => {
    if (waiting.isEmpty(tenant, standing) && hasRoom(tenant, standing)) return enter(tenant, standing);
    return waiting.wait(tenant, standing, () => enter(tenant, standing));
  };
  return { enter, enterSoon, size: () => total };
}

/** One service time behind the one before, so that those who come back find room, and do not come back in vain. */
function givePlace(line: Line, nowMs: number): number {
  line.lastPlaceAt = Math.max(line.lastPlaceAt, nowMs) + line.usualMs / Math.max(1, line.open);
  line.lastPlaceAt = Math.min(line.lastPlaceAt, nowMs + maxDelayMs);
  return Math.ceil(Math.max(minDelayMs, line.lastPlaceAt - nowMs));
}
