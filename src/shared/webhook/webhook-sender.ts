/** What sending webhooks needs for the life of a process: guarded connections, and a line for each endpoint. */
import type { Agent } from 'undici';
import type { Config } from '../config/config.ts';
import { createGuardedAgent } from '../guard/create-guarded-agent.ts';
import { createEndpointLines, type EndpointLines } from './endpoint-lines.ts';

export interface WebhookSender {
  readonly dispatcher: Agent;
  readonly lines: EndpointLines;
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
  readonly close: () => Promise<void>;
}

export function openWebhookSender(config: Pick<Config, 'webhookAllowPrivate' | 'webhookTimeoutMs'>): WebhookSender {
  const { webhookAllowPrivate: allowPrivate, webhookTimeoutMs: timeoutMs } = config;
  const dispatcher = createGuardedAgent({ allowPrivate, connectTimeoutMs: timeoutMs });
  return {
    dispatcher,
    lines: createEndpointLines(timeoutMs),
    allowPrivate,
    timeoutMs,
    // Attempts have ended or been aborted by then; an idle connection is nothing to wait for.
    close: () => dispatcher.destroy(),
  };
}
