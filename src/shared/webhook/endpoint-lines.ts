/**
 * How many requests are open to an endpoint, in this process. An endpoint that is full says when to come again, so that
 * a slow receiver holds a few worker slots and no more. Who is sent away comes back about when its turn is: each gets a
 * place one service time behind the one before, and a service time is judged by what the endpoint takes at present.
 */
import { performance } from 'node:perf_hooks';

/** Of one URL, and of all URLs of one host: callers put ids into paths, and a host that hangs does so for all of them. */
const mostPerUrl = 4;
const mostPerOrigin = 16;
/** Until an endpoint has answered once. Small: a healthy one should not be kept waiting by a guess. */
const firstGuessMs = 20;
const minDelayMs = 50;
/** An endpoint may recover at any time, so nobody is sent away for longer. */
const maxDelayMs = 600_000;
/** Idle lines are forgotten from here on. */
const manyLines = 1000;

interface Line {
  readonly most: number;
  /** Start of each open request, oldest first: entries are added at the end. */
  readonly open: Set<{ readonly since: number }>;
  usualMs: number;
  /** The last place that was given away. */
  lastPlaceAt: number;
}

export type Entry =
  { readonly kind: 'entered'; readonly leave: () => void } | { readonly kind: 'full'; readonly delayMs: number };

export interface EndpointLines {
  /** `leave` must be called when the request has ended. */
  readonly enter: (tenant: string, url: string) => Entry;
}

/** `timeoutMs`: no request is open for longer. `now` is monotonic. */
export function createEndpointLines(timeoutMs: number, now: () => number = () => performance.now()): EndpointLines {
  const lines = new Map<string, Line>();
  const lineOf = (key: string, most: number): Line => {
    const line = lines.get(key) ?? { most, open: new Set(), usualMs: firstGuessMs, lastPlaceAt: 0 };
    lines.set(key, line);
    return line;
  };
  return {
    enter: (tenant, url) => {
      if (lines.size > manyLines) dropIdle(lines, now());
      const origin = URL.parse(url)?.origin ?? url;
      const wanted = [lineOf(`${tenant} ${url}`, mostPerUrl), lineOf(`${tenant} ${origin}`, mostPerOrigin)];
      const full = wanted.find((line) => line.open.size >= line.most);
      if (full !== undefined) return { kind: 'full', delayMs: givePlace(full, now(), timeoutMs) };
      return { kind: 'entered', leave: enterAll(wanted, now) };
    },
  };
}

function enterAll(wanted: readonly Line[], now: () => number): () => void {
  const entry = { since: now() };
  for (const line of wanted) line.open.add(entry);
  return () => {
    for (const line of wanted) {
      // Half of the old, half of the new: follows a receiver that recovers within a few requests.
      if (line.open.delete(entry)) line.usualMs = (line.usualMs + now() - entry.since) / 2;
    }
  };
}

function givePlace(line: Line, nowMs: number, timeoutMs: number): number {
  const [oldest] = line.open;
  const serviceMs = Math.min(timeoutMs, Math.max(line.usualMs, nowMs - (oldest?.since ?? nowMs)));
  line.lastPlaceAt = Math.max(line.lastPlaceAt, nowMs) + serviceMs / line.most;
  line.lastPlaceAt = Math.min(line.lastPlaceAt, nowMs + maxDelayMs);
  return Math.ceil(Math.max(minDelayMs, line.lastPlaceAt - nowMs));
}

function dropIdle(lines: Map<string, Line>, nowMs: number): void {
  for (const [key, line] of lines) if (line.open.size === 0 && line.lastPlaceAt < nowMs) lines.delete(key);
}
