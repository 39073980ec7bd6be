/** Keeps the specs of the batches a process works on. A spec never changes, so there is nothing to invalidate. */
import type { BatchSpec } from './domain/batch.ts';

const mostSpecs = 500;

export interface SpecCache {
  readonly get: (batchId: string) => BatchSpec | undefined;
  readonly set: (batchId: string, spec: BatchSpec) => void;
}

export function createSpecCache(): SpecCache {
  const specs = new Map<string, BatchSpec>();
  return {
    get: (batchId) => specs.get(batchId),
    set: (batchId, spec) => {
      const oldest = specs.keys().next();
      if (specs.size >= mostSpecs && oldest.done !== true) specs.delete(oldest.value);
      specs.set(batchId, spec);
    },
  };
}
