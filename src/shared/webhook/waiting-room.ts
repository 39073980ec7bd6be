/**
 * Runs that wait a moment for room, in this process: to be put back into the queue costs as much as the delivery itself
 * (a burst of a thousand was put back twice each). One line a tenant and standing, so that nobody stands behind another's
 * dead receivers; a tenant may have as many waiting as places are left, like requests open.
 */
import type { Standing } from './endpoint.ts';

export const mostWaiting = 1024;
/** Longer than a healthy receiver takes, far shorter than a lease. */
const maxWaitMs = 1000;

interface Line {
  readonly tenant: string;
  readonly standing: Standing;
  /** Each ends the wait of one. */
  readonly calls: Set<() => void>;
}

export interface WaitingRoom {
  readonly isEmpty: (tenant: string, standing: Standing) => boolean;
  /** `enter` is called when there is room, when the time is over, or at once where nobody more may wait. */
  readonly wait: <Entry>(tenant: string, standing: Standing, enter: () => Entry) => Promise<Entry>;
  /** Calls those in whose line `hasRoom` holds, one by one. */
  readonly admit: (hasRoom: (tenant: string, standing: Standing) => boolean) => void;
}

export function createWaitingRoom(most = mostWaiting, waitMs = maxWaitMs): WaitingRoom {
  const lines = new Map<string, Line>();
  const ofTenant = new Map<string, number>();
  let total = 0;
  const keyOf = (tenant: string, standing: Standing): string => `${standing} ${tenant}`;
  const count = (tenant: string, by: 1 | -1): void => {
    total += by;
    const left = (ofTenant.get(tenant) ?? 0) + by;
    if (left === 0) ofTenant.delete(tenant);
    else ofTenant.set(tenant, left);
  };

  const wait: WaitingRoom['wait'] = (tenant, standing, enter) => {
    if ((ofTenant.get(tenant) ?? 0) >= most - total) return Promise.resolve(enter());
    const key = keyOf(tenant, standing);
    const line = lines.get(key) ?? { tenant, standing, calls: new Set() };
    lines.set(key, line);
    count(tenant, 1);
    return new Promise((resolve) => {
      const call = (): void => {
        clearTimeout(timer);
        line.calls.delete(call);
        if (line.calls.size === 0) lines.delete(key);
        count(tenant, -1);
        resolve(enter());
      };
      const timer = setTimeout(call, waitMs);
      line.calls.add(call);
    });
  };
  const admit: WaitingRoom['admit'] = (hasRoom) => {
    for (const { tenant, standing, calls } of lines.values())
      for (const call of calls) {
        if (!hasRoom(tenant, standing)) break;
        call();
      }
  };
  return { isEmpty: (tenant, standing) => !lines.has(keyOf(tenant, standing)), wait, admit };
}
