/** The one error that a handler throws to refuse a call; the app's error handler turns it into an answer. */

export type CodePlace = 'body' | 'status' | 'both';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;
  readonly as: CodePlace | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, message: string, as?: CodePlace, headers: Record<string, string> = {}) {
    super(message);
    this.code = code;
    this.as = as;
    this.headers = headers;
  }
}

/** HTTP statuses that stand for the business codes when those are not in the body. */
const STATUS_OF: Record<number, number> = { 1001: 401, 1002: 404, 2001: 402, 4001: 415, 4002: 413 };

export interface RefusalAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * 1001, 1002, 2001, 4001 and 4002 follow the `codeIn` setting; the codes that are HTTP statuses (402, 403, 429 …) keep
 * theirs and carry the code as well, unless `as` says otherwise.
 */
export function toRefusalAnswer(refusal: Refusal, codeIn: CodePlace): RefusalAnswer {
  const { code, message } = refusal;
  const place = refusal.as ?? (code >= 1000 ? codeIn : 'both');
  const status = STATUS_OF[code] ?? (code >= 400 && code < 600 ? code : 400);
  if (place === 'body') return { status: 200, body: { code, message, data: null } };
  // Without its code a 2001 could not be told from a 402 of the plan tier: it keeps it.
  if (place === 'status' && code !== 2001) return { status, body: { detail: message } };
  return { status, body: { code, message } };
}

export const refusals = {
  tokenInvalid: (as?: CodePlace) => new Refusal(1001, 'token expired or invalid', as),
  sessionMissing: (as?: CodePlace) => new Refusal(1002, 'session not found', as),
  outOfCredits: (as?: CodePlace) => new Refusal(2001, 'insufficient credits', as),
  unsupportedType: (name: string, as?: CodePlace) => new Refusal(4001, `unsupported file type: ${name}`, as),
  tooLarge: (as?: CodePlace) => new Refusal(4002, 'file too large', as),
  exportBlocked: (message: string, as?: CodePlace) => new Refusal(402, message, as),
} as const;
