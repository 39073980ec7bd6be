/** The last 24 hours of figures: minutes that are over never change, so each is read once. */
import type { Context } from '../shared/context.ts';
import { readMinutes, sumOf, type Figures } from '../shared/minute-figures.ts';

const minuteMs = 60_000;
const shownMinutes = 60;
const shownHours = 24;
/** Tenants that are remembered; beyond them a day is read anew. */
const mostTenants = 20;

export interface History {
  readonly minutes: readonly Figures[];
  readonly hours: readonly Figures[];
}

export function createHistory(ctx: Context): (tenant: string | null, now: number) => Promise<History> {
  const known = new Map<string, { minutes: Figures[]; present: number }>();
  return async (tenant, now) => {
    const name = tenant ?? '*';
    const present = Math.floor(now / minuteMs);
    const before = known.get(name);
    // The minute before last may still have been open when it was read.
    const missing = before === undefined ? shownHours * 60 : Math.min(shownHours * 60, present - before.present + 2);
    const fresh = await readMinutes(ctx, { tenant, count: missing, now });
    const minutes = [...(before?.minutes.slice(0, before.minutes.length - 2) ?? []), ...fresh].slice(-shownHours * 60);
    known.delete(name);
    known.set(name, { minutes, present });
    for (const oldest of known.keys()) if (known.size > mostTenants) known.delete(oldest);
    return { minutes: minutes.slice(-shownMinutes), hours: toHours(minutes) };
  };
}

/** Back from now, so that the last hour is a whole one. */
function toHours(minutes: readonly Figures[]): Figures[] {
  return Array.from({ length: shownHours }, (_, at) => sumOf(minutes.slice(at * 60, (at + 1) * 60)));
}
