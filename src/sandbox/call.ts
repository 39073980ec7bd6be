/** One request to the sandbox, as the faults and the ledger see it. */
import type { Endpoint, FaultName } from './fault-table.ts';
import type { Token } from './store.ts';

export interface Call {
  readonly endpoint: Endpoint;
  readonly at: number;
  session: string | null;
  /** The instruction of a turn. */
  text: string | null;
  token: Token | null;
  readonly hasAttribution: boolean;
  /** Names of the files that a call by URL brings along. */
  brings: readonly string[];
  readonly faults: string[];
  /** Drawn by the scenario for this call, not yet used up. */
  scenarioFault: FaultName | null;
  /** The handler runs, its answer never leaves. */
  isReplyLost: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    call: Call | null;
  }
  interface FastifyContextConfig {
    endpoint?: Endpoint;
  }
}
