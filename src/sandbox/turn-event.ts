/** What happens in a turn's stream, before any dialect. */

export type HeartbeatForm = 'word' | 'json' | 'event' | 'empty' | 'comment';

export type TurnEvent =
  | { readonly type: 'text'; readonly text: string; readonly isPartial?: boolean }
  | { readonly type: 'thought'; readonly text: string }
  | { readonly type: 'tool-call'; readonly name: string; readonly args: Record<string, unknown> }
  | { readonly type: 'tool-result'; readonly name: string; readonly result: Record<string, unknown> }
  | { readonly type: 'heartbeat'; readonly form?: HeartbeatForm }
  | { readonly type: 'error'; readonly code: string | number; readonly message: string }
  | { readonly type: 'malformed' }
  | { readonly type: 'unknown' };
