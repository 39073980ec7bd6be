/** Every fault that can be injected: its name, where it can strike, its parameters. Data only. */
import { z } from 'zod';

export const ENDPOINTS = [
  'anonymous-token',
  'session',
  'claim-token',
  'upload',
  'run_sse',
  'state',
  'credits',
  'render',
  'render-poll',
  'download',
  'file',
] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

const none = z.object({});
const as = z.enum(['body', 'status', 'both']).optional();
const code = z.object({ as });
const share = (byDefault: number) => z.number().min(0).max(1).default(byDefault);
const ms = (byDefault: number) => z.number().min(0).default(byDefault);

const any = ENDPOINTS;
const inSession = ['upload', 'run_sse', 'state', 'render', 'claim-token'] as const;
/** A turn that may or may not have been taken ends unconfirmed, and rightly so: not for a mix that should succeed. */
const repeatable = ENDPOINTS.filter((endpoint) => endpoint !== 'run_sse');
/** On anonymous-token a 429 is the weekly quota, which waiting cannot help. */
const waitable = ENDPOINTS.filter((endpoint) => endpoint !== 'anonymous-token');
const turn = ['run_sse'] as const;
const upload = ['upload'] as const;
const render = ['render'] as const;
const poll = ['render-poll'] as const;
const state = ['state'] as const;

export interface FaultKind {
  readonly at: readonly Endpoint[];
  readonly params: z.ZodType;
  /** Where a scenario's random mix may use it: a client is expected to bring its files through. */
  readonly scenarioAt: readonly Endpoint[];
}
const kind = <P extends z.ZodType>(
  at: readonly Endpoint[],
  params: P,
  inScenario: boolean | readonly Endpoint[] = false,
) =>
  ({ at, params, scenarioAt: inScenario === true ? at : inScenario === false ? [] : inScenario }) satisfies FaultKind;

const CUT = z.object({ at: share(0.5) });

export const FAULTS = {
  // Any call
  'token-invalid': kind(any, code),
  'token-expires': kind(any, code, true),
  'session-missing': kind(inSession, code),
  'session-forgotten': kind(inSession, code, true),
  'out-of-credits': kind(turn, code),
  'unsupported-file-type': kind(upload, code),
  'file-too-large': kind(upload, code),
  'bare-413': kind(upload, none),
  'export-blocked': kind(render, code),
  forbidden: kind(any, code),
  'rate-limited': kind(any, z.object({ as, retryAfterS: z.number().min(0).nullable().default(null) }), waitable),
  'bad-gateway': kind(any, z.object({ status: z.number().int().min(500).max(599).default(502) }), repeatable),
  'html-404': kind(any, none),
  'json-404': kind(any, none),
  'server-error': kind(any, none, repeatable),
  'connection-reset': kind(any, none, repeatable),
  'reply-lost': kind(any, none),
  slow: kind(any, z.object({ delayMs: ms(1000) }), true),
  'client-id-refused': kind(['anonymous-token'], none),
  // A turn
  'sse-cut-applied-later': kind(turn, z.object({ at: share(0.5), afterMs: ms(0) }), true),
  'sse-cut-applied-before': kind(turn, z.object({ at: share(0.85) }), true),
  'sse-cut-never-applied': kind(turn, CUT),
  'silent-edit': kind(turn, none, true),
  'silent-no-op': kind(turn, none),
  'claimed-no-op': kind(turn, none),
  'heartbeats-only': kind(
    turn,
    z.object({
      form: z.enum(['word', 'json', 'event', 'empty', 'comment', 'mixed']).default('mixed'),
      everyMs: z.number().min(1).default(1000),
      /** Null: until the reader leaves. */
      forMs: z.number().min(0).nullable().default(null),
      apply: z.boolean().default(false),
    }),
  ),
  'stream-stall': kind(
    turn,
    z.object({ forMs: z.number().min(0).nullable().default(null), apply: z.boolean().default(false) }),
  ),
  'temporary-issue-trailing': kind(turn, none, true),
  'temporary-issue-alone': kind(turn, z.object({ apply: z.boolean().default(false) })),
  'split-bytes': kind(turn, none, true),
  'split-in-character': kind(turn, none, true),
  crlf: kind(turn, none, true),
  'no-final-blank-line': kind(turn, none, true),
  'partial-aggregated': kind(turn, none, true),
  'malformed-line': kind(turn, none, true),
  'unknown-types': kind(turn, none, true),
  'stream-error': kind(
    turn,
    z.object({
      code: z.union([z.string(), z.number()]).default('INTERNAL'),
      message: z.string().default('The model backend is overloaded.'),
      apply: z.boolean().default(false),
    }),
  ),
  'two-stage-state': kind(turn, z.object({ delayMs: ms(1000) }), true),
  'session-vanishes': kind(turn, CUT),
  'question-reply': kind(turn, z.object({ text: z.string().optional() })),
  'gui-text': kind(turn, z.object({ text: z.string().optional() }), true),
  // Upload
  'upload-file-missing': kind(upload, none),
  'upload-reordered': kind(upload, none),
  'upload-cut': kind(upload, z.object({ at: share(0.9) }), true),
  'upload-not-applied': kind(upload, none),
  'upload-lands-late': kind(upload, z.object({ delayMs: ms(1000) })),
  'upload-other-shape': kind(upload, none, true),
  // State
  'draft-missing': kind(state, none),
  'draft-null': kind(state, none),
  'draft-empty': kind(state, none),
  'tracks-empty': kind(state, none),
  'segments-empty': kind(state, none),
  'duration-string': kind(state, none, true),
  // Render
  'render-stuck': kind(render, none),
  'render-failed': kind(render, none, true),
  'render-truncated': kind(render, z.object({ share: share(0.5) })),
  'render-url-404': kind(render, none),
  'render-duplicate-error': kind(render, none),
  'render-duplicate-existing': kind(render, none),
  'render-progress-backwards': kind(poll, none, true),
  'render-unknown-status': kind(poll, z.object({ status: z.string().default('warming_up') }), true),
  'render-completed-without-url': kind(poll, none, true),
  'render-shape': kind(poll, z.object({ shape: z.enum(['T', 'L']).default('L') }), true),
  'download-as-json': kind(['download'], none),
  // Session
  'session-id-number': kind(['session'], none, true),
} as const;

export type FaultName = keyof typeof FAULTS;
export type FaultParams<N extends FaultName> = z.output<(typeof FAULTS)[N]['params']>;

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}
