/**
 * Opens what every call to the upstream needs: pooled connections, and the rules for those that are not pooled. The
 * caller closes it. Connections speak HTTP/1.1: HTTP/2 may repeat refused streams by itself, which no paid call survives.
 */
import { lookup } from 'node:dns/promises';
import { Agent, Client } from 'undici';
import { isPrivateHost } from '../guard/check-url.ts';
import { createGuardedAgent } from '../guard/create-guarded-agent.ts';
import { attributionHeaders } from './attribution.ts';
import { timeoutsMs } from './timeouts.ts';
import type { Upstream, Watch } from './types.ts';

export interface UpstreamSettings {
  readonly baseUrl: string;
  readonly webUrl: string;
  /** SKILL_SOURCE, as text. */
  readonly skillSource?: string | undefined;
  readonly installPath: string;
  readonly version: string;
  /** SOURCE_ALLOW_PRIVATE; output links may be private as well when the upstream itself is (design §8). */
  readonly allowPrivateOutputs?: boolean;
  readonly connectTimeoutMs?: number;
  readonly watch?: Watch;
}

export function openUpstream(settings: UpstreamSettings): Upstream {
  const baseUrl = settings.baseUrl.replace(/\/+$/, '');
  const connect = { timeout: settings.connectTimeoutMs ?? timeoutsMs.connect };
  const dispatcher = new Agent({ pipelining: 1, allowH2: false, connect, headersTimeout: 0, bodyTimeout: 0 });
  const outputDispatcher = createGuardedAgent({
    allowPrivate: settings.allowPrivateOutputs === true || (() => isUpstreamPrivate(baseUrl)),
    connectTimeoutMs: connect.timeout,
    bodyTimeoutMs: timeoutsMs.bodyIdle,
  });
  return {
    baseUrl,
    webUrl: settings.webUrl.replace(/\/+$/, ''),
    attribution: attributionHeaders({ ...settings, skillSource: settings.skillSource }),
    dispatcher,
    outputDispatcher,
    openTurnDispatcher: () =>
      new Client(new URL(baseUrl).origin, {
        pipelining: 1,
        allowH2: false,
        connect,
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    watch: settings.watch ?? ((_endpoint, call) => call()),
    // Not the graceful close: that would wait for bodies which nobody reads any more.
    close: async () => {
      await Promise.all([dispatcher.destroy(), outputDispatcher.destroy()]);
    },
  };
}

/** A name such as `sandbox` of a compose file tells only when it is resolved. */
async function isUpstreamPrivate(baseUrl: string): Promise<boolean> {
  const host = new URL(baseUrl).hostname;
  if (isPrivateHost(host)) return true;
  const addresses = await lookup(host, { all: true }).catch(() => []); // unresolvable: nothing shows that it is private
  return addresses.some(({ address }) => isPrivateHost(address));
}
