/** Counts and traces the calls of the upstream. It sees each on its way and changes nothing. */
import type { Telemetry } from './telemetry.ts';
import { inSpan, type Tracing } from './tracing/tracing.ts';
import type { Watch } from './upstream/types.ts';
import { UpstreamError } from './upstream/upstream-error.ts';

export function createWatch(telemetry: Telemetry, tracing: Tracing): Watch {
  return (endpoint, call, outcomeOf) =>
    inSpan(tracing, `nemovideo ${endpoint}`, { kind: 'client' }, async (span) => {
      const startedAt = performance.now();
      const note = (outcome: string): void => {
        telemetry.upstreamCalled(endpoint, outcome, (performance.now() - startedAt) / 1000);
        span.set({ outcome });
      };
      try {
        const result = await call();
        note(outcomeOf(result));
        return result;
      } catch (error) {
        note(error instanceof UpstreamError ? error.fault.code : 'error');
        throw error;
      }
    });
}
