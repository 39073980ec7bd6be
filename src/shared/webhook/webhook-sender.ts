/** What sending webhooks needs for the life of a process: guarded connections, and the room they share. */
import type { Agent } from 'undici';
import type { Config } from '../config/config.ts';
import { createGuardedAgent } from '../guard/create-guarded-agent.ts';
import { createOpenRequests, type OpenRequests } from './open-requests.ts';

export interface WebhookSender {
  readonly dispatcher: Agent;
  readonly open: OpenRequests;
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
  readonly close: () => Promise<void>;
}

export function openWebhookSender(config: Pick<Config, 'webhookAllowPrivate' | 'webhookTimeoutMs'>): WebhookSender {
  const { webhookAllowPrivate: allowPrivate, webhookTimeoutMs: timeoutMs } = config;
  const dispatcher = createGuardedAgent({ allowPrivate, connectTimeoutMs: timeoutMs });
  return {
    dispatcher,
    open: createOpenRequests(),
    allowPrivate,
    timeoutMs,
    // Attempts have ended or been aborted by then; an idle connection is nothing to wait for.
    close: () => dispatcher.destroy(),
  };
}
