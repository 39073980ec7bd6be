/**
 * POST /run_sse: one turn, the paid call. It tells exactly how far it came, because that decides whether the turn may
 * ever be sent again (design §4). It goes over a connection opened for it and closed after it, and is never repeated.
 */
import { exchangeTurn } from './turn-exchange.ts';
import { callHeaders } from './call.ts';
import type { TurnOptions } from './turn-options.ts';
import type { TurnEnd, Upstream } from './types.ts';

export interface TurnRequest {
  readonly sessionId: string;
  /** The instruction, verbatim. */
  readonly text: string;
}

/** Never throws for anything the upstream or the network does; an exception of `beforeSend` comes through. */
export function runTurn(up: Upstream, token: string, request: TurnRequest, options: TurnOptions): Promise<TurnEnd> {
  return up.watch('run-turn', () => runTurnOnce(up, token, request, options), outcomeOf);
}

const outcomeOf = (end: TurnEnd): string => (end.kind === 'ended' ? end.end : end.error.code);

async function runTurnOnce(up: Upstream, token: string, request: TurnRequest, options: TurnOptions): Promise<TurnEnd> {
  const client = up.openTurnDispatcher();
  try {
    const body = turnBody(request);
    return await exchangeTurn({
      client,
      origin: new URL(up.baseUrl).origin,
      path: `${new URL(up.baseUrl).pathname.replace(/\/+$/, '')}/run_sse`,
      headers: callHeaders(up, { token, body, headers: { accept: 'text/event-stream' } }),
      body,
      secret: token,
      options,
    });
  } finally {
    await client.destroy();
  }
}

/** All snake_case (upstream, "POST /run_sse"). */
function turnBody(request: TurnRequest): string {
  return JSON.stringify({
    app_name: 'nemo_agent',
    user_id: 'me',
    session_id: request.sessionId,
    new_message: { parts: [{ text: request.text }] },
  });
}
