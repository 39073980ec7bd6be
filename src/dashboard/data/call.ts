/** Calls of the page to its server: JSON, with the login's cookie. What is refused comes as an error with a code. */

export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Whoever is told that nobody is logged in any more. */
let onLoggedOut = (): void => undefined;
export const whenLoggedOut = (then: () => void): void => {
  onLoggedOut = then;
};

interface Problem {
  readonly code?: string;
  readonly detail?: string;
}

async function refusalOf(response: Response): Promise<RefusedError> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  return new RefusedError(response.status, problem.code ?? 'unknown', problem.detail ?? response.statusText);
}

async function send<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store' });
  if (response.status === 401 && !path.endsWith('/login')) onLoggedOut();
  if (!response.ok) throw await refusalOf(response);
  // Validated by the server, which is of the same build.
  return (response.status === 204 ? null : await response.json()) as T;
}

export const read = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  send<T>(path, signal === undefined ? {} : { signal });

/** The header is one that no other site can make a browser send. */
export const act = <T>(path: string, body?: object): Promise<T> =>
  send<T>(path, {
    method: 'POST',
    headers: { 'x-dashboard': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

export const toQuery = (values: Readonly<Record<string, string | number | null>>): string =>
  new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, String(value)]])),
  ).toString();
