/**
 * Every key and channel of the service, once, under one hash tag (so that one script may touch any of them on a
 * cluster). TypeScript calls `keys.file(id)`; the Lua scripts get the same table generated as `K.file(id)`.
 * Owner of each: a batch and what hangs on it is dropped by the sweeper RETENTION_DAYS after its end.
 */

/** `$1`, `$2` are the arguments. Queue names of BullMQ (`upload`, `edit`, …) never start a pattern. */
const patterns = {
  /**
   * hash: rev, run, p (progress), i (input), w (execution that runs it), l (lane claimed), s ('1': its session is paid),
   * g (its last moves, a line each), j (queue and id of the job that has gone on to the present run in place).
   */
  file: 'f:$1',
  /** string: the draft of the last settled turn, deflated. */
  draft: 'f:$1:draft',
  /** string with TTL: progress inside a run; never a save. */
  live: 'f:$1:live',
  /** hash: what the caller said (spec) and what moves (counters `n:<status>`, marks, bill). */
  batch: 'b:$1',
  /** sorted set a status: index of each file in it, score = index. */
  status: 'b:$1:s:$2',
  /** list: indexes that wait for a slot; the next one is at the left. */
  waiting: 'b:$1:waiting',
  /** set: indexes held by a pause. */
  held: 'b:$1:held',
  /** set: indexes in flight whose session is not paid yet; kept for batches with max_credits. */
  unpaid: 'b:$1:unpaid',
  /** list and hash: lanes that are free; the session of each lane. */
  lanes: 'b:$1:lanes',
  laneSessions: 'b:$1:lane-sessions',
  /** streams: what live readers are told: of a batch `{f: index}` or `{b}`; with TTL of a tenant's and of all batches `{b, f?}`. */
  events: 'b:$1:events',
  tenantEvents: 't:$1:events',
  allEvents: 'events',
  /** sorted set: ids of the batch's deliveries, score = time of the event. */
  batchDeliveries: 'b:$1:deliveries',
  /** string: file ids that a retry was asked for (JSON); absent: all failed ones. */
  retryList: 'b:$1:retry',
  /** string: an Idempotency-Key's state, `{body, batch, answer}`. */
  idempotency: 'idem:$1:$2',
  /** sorted set: batches being taken in, score = end of their lease. */
  loading: 'loading',
  /** sorted set: batches that have ended, score = when they are dropped. */
  retention: 'retention',
  /** sorted set: batches whose round has not ended, score = when what is left of it expires. */
  openRounds: 'open-rounds',
  /** set: batches with a cancel, resume, retry or expiry that is not worked off yet, as `<action> <batch>`. */
  marks: 'marks',
  /** sorted sets by creation: of a tenant, of all. */
  tenantBatches: 't:$1:batches',
  allBatches: 'batches',
  /** sorted set, score 0: `<custom id in lower case> <file id>` of a tenant's files, so that a search is one range. */
  customIds: 't:$1:custom-ids',
  /** string: files of a tenant that were taken in and not yet admitted. */
  tenantWaiting: 't:$1:waiting',
  /** hash: window, until, blocked …; set: files in flight; hash: the token. */
  account: 'a:$1',
  inFlight: 'a:$1:in-flight',
  /** string with TTL: a process has probed the closed account just now. */
  probed: 'a:$1:probed',
  /** string with TTL: the file that goes first after a pause. */
  pauseLead: 'a:$1:pause-lead',
  token: 'a:$1:token',
  tokenLock: 'a:$1:token-lock',
  /** strings with TTL: why no token is asked for now; how the last renewal failed. */
  tokenRest: 'a:$1:token-rest',
  tokenFailure: 'a:$1:token-failure',
  /** string: the client id that took the place of a refused one. */
  tokenClientId: 'a:$1:token-client-id',
  /** string: the anonymous client id of this installation, kept for good. */
  clientId: 'client-id',
  /** sorted set: files with a run to come, score = due. The sweeper's list. */
  moving: 'moving',
  /** set: admitted files that wait for their first upload. */
  awaitingUpload: 'awaiting-upload',
  /** sorted sets of the fair queue: tenants, and a tenant's batches, score = virtual time. */
  ring: 'ring',
  tenantRing: 't:$1:ring',
  /** list: files whose next step costs nothing (render), admitted before any other. */
  free: 'free',
  /** set: batches that wait for their order (longest_first). */
  sizing: 'sizing',
  /** set: batches with parked files. */
  parked: 'parked',
  /** hash: a webhook delivery. Sorted sets: due ones, and a tenant's and all by time of the event. */
  delivery: 'd:$1',
  deliveriesDue: 'deliveries-due',
  tenantDeliveries: 't:$1:deliveries',
  allDeliveries: 'deliveries',
  /** hash with TTL: a webhook endpoint (hash of tenant and URL). Sorted set with TTL: its open requests by their start. */
  endpoint: 'e:$1',
  endpointOpen: 'e:$1:open',
  /** hash: an upload. Sorted set: uploads by expiry. */
  upload: 'u:$1',
  uploadExpiry: 'uploads',
  /** string: which installation's data this is. Gone: Redis was emptied under us. */
  storeMark: 'store-mark',
  /** string with TTL: written before WAITAOF, which waits for its own connection's writes. */
  barrier: 'barrier',
  /** string: what the marker file in UPLOAD_DIR says. */
  uploadMarker: 'upload-marker',
  /** string with TTL: requests of an API key (hashed) in the present minute. */
  rateLimit: 'rate:$1',
  /** string with TTL: a worker process that is alive. */
  worker: 'worker:$1',
  workers: 'workers',
  /** hash: how fast files end (src/shared/pace.ts). */
  pace: 'pace',
  /** hash with TTL: what happened in a minute, `<figure>` of all and `<tenant>:<figure>`. */
  minute: 'm:$1',
  /** string with TTL: a login of the dashboard, by the hash of its token; holds the hash of the API key. */
  login: 'login:$1',
  /** channels */
  wakeChannel: 'ch:wake',
  accountChannel: 'ch:account',
  cancelChannel: 'ch:cancel',
  eventsChannel: 'ch:events',
  progressChannel: 'ch:progress',
} as const;

export type KeyName = keyof typeof patterns;
export type Keys = { readonly tag: string } & { readonly [Name in KeyName]: (...parts: readonly string[]) => string };

export function createKeys(prefix: string): Keys {
  const tag = `{${prefix}}`;
  const entries = Object.entries(patterns).map(([name, pattern]) => {
    const pieces = pattern.split(/\$[12]/);
    const build = (...parts: readonly string[]): string =>
      `${tag}:${pieces.map((piece, at) => piece + (at < pieces.length - 1 ? (parts[at] ?? '') : '')).join('')}`;
    return [name, build] as const;
  });
  return { tag, ...Object.fromEntries(entries) } as Keys;
}

/** The same for Lua, of those that `uses` says yes to; `KEYS[1]` is the tag, which also routes the script on a cluster. */
export function luaKeys(uses: (name: string) => boolean): string {
  const used = Object.entries(patterns).filter(([name]) => uses(name));
  const rows = used.map(([name, pattern]) => {
    const body = pattern
      .split(/(\$[12])/)
      .filter((piece) => piece !== '')
      .map((piece) => (piece === '$1' ? 'a' : piece === '$2' ? 'b' : `'${piece}'`))
      .join(' .. ');
    return `K.${name} = function(a, b) return KEYS[1] .. ':' .. ${body} end`;
  });
  return `local K = {}\n${rows.join('\n')}\n`;
}
