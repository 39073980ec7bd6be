/** What the stub knows of its sessions, and what it notes for the benchmarks. Times are ms since the epoch, of this machine. */

export interface Session {
  readonly id: string;
  readonly turnMs: number;
  readonly renderMs: number;
  /** The part of its source's URL that names its batch; known once it was uploaded. */
  tag: string;
  edits: number;
  videos: number;
  polls: number;
  renderedAt: number;
}

export interface Figures {
  readonly calls: number;
  readonly refused: number;
  readonly bytes: number;
  /** Of each session, in the order they were made. */
  readonly turnMs: readonly number[];
  readonly renderMs: readonly number[];
  /** By tag: the first upload. */
  readonly firstUploadAt: Readonly<Record<string, number>>;
  /** By tag: the last render that was told to be done, and the webhook that came. */
  readonly renderSeenAt: Readonly<Record<string, number>>;
  readonly hookAt: Readonly<Record<string, number>>;
  readonly firstCallAt: number;
  readonly lastCallAt: number;
  readonly open: number;
  readonly mostOpen: number;
  /** When each 429 was given. */
  readonly refusedAt: readonly number[];
}

export type Capacity = readonly { readonly most: number; readonly fromMs: number }[];

export const toCapacity = (text: string): Capacity =>
  text === ''
    ? []
    : text.split(',').map((part) => {
        const [most = 0, fromMs = 0] = part.split('@').map(Number);
        return { most, fromMs };
      });

const now = (): number => performance.timeOrigin + performance.now();

const blank = () => ({
  calls: 0,
  refused: 0,
  bytes: 0,
  turnMs: [] as number[],
  renderMs: [] as number[],
  firstUploadAt: {} as Record<string, number>,
  renderSeenAt: {} as Record<string, number>,
  hookAt: {} as Record<string, number>,
  firstCallAt: 0,
  lastCallAt: 0,
  mostOpen: 0,
  refusedAt: [] as number[],
});

export function openBooks(capacityText: string) {
  const capacity = toCapacity(capacityText);
  const sessions = new Map<string, Session>();
  const renders = new Map<string, Session>();
  let made = 0;
  let open = 0;
  let noted = blank();

  const mostNow = (): number => {
    const sinceMs = now() - noted.firstCallAt;
    return capacity.findLast(({ fromMs }) => fromMs <= sinceMs)?.most ?? Infinity;
  };
  return {
    renders,
    session: (id: string): Session | undefined => sessions.get(id),
    open: (turnMs: number, renderMs: number): Session => {
      made += 1;
      const id = String(5_529_798_706_024_000_000n + BigInt(made));
      const session = { id, turnMs, renderMs, tag: '', edits: 0, videos: 0, polls: 0, renderedAt: 0 };
      sessions.set(id, session);
      noted.turnMs.push(turnMs);
      noted.renderMs.push(renderMs);
      return session;
    },
    called: (path: string): void => {
      if (!path.startsWith('/api/') && path !== '/run_sse') return;
      noted.calls += 1;
      noted.lastCallAt = now();
      if (noted.firstCallAt === 0) noted.firstCallAt = noted.lastCallAt;
    },
    source: (session: Session, url: string): void => {
      session.tag = url.split('/').at(-2) ?? '';
      noted.firstUploadAt[session.tag] ??= now();
    },
    received: (bytes: number): void => {
      noted.bytes += bytes;
    },
    /** A turn or a render begins; false: there are as many as may be. */
    enter: (): boolean => {
      if (open >= mostNow()) return false;
      open += 1;
      noted.mostOpen = Math.max(noted.mostOpen, open);
      return true;
    },
    leave: (): void => {
      open -= 1;
    },
    refused: (): void => {
      noted.refused += 1;
      noted.refusedAt.push(now());
    },
    renderSeen: (session: Session): void => {
      noted.renderSeenAt[session.tag] = now();
    },
    hook: (body: string): void => {
      const tag = /"tag":"([^"]+)"/.exec(body)?.[1];
      if (tag !== undefined) noted.hookAt[tag] ??= now();
    },
    reset: (): void => {
      sessions.clear();
      renders.clear();
      noted = blank();
    },
    figures: (): Figures => ({ ...noted, open }),
  };
}
