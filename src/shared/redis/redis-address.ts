/**
 * Reads REDIS_URL: one server, a socket, a set of Sentinels, or a cluster. Pure; a text that it cannot read is null, and
 * no part of it is ever told, as it may hold a password.
 *
 *     redis[s]://[user:password@]host[:port][/db]                    unix:///path   /path
 *     redis[s]+sentinel://[user:password@]host[:port],host…/master[/db][?sentinel_user=…&sentinel_password=…]
 *     redis[s]+cluster://[user:password@]host[:port],host…
 */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

interface Several {
  /** TLS to every node, Sentinels too; certificates are checked against NODE_EXTRA_CA_CERTS besides the known ones. */
  readonly tls: boolean;
  readonly nodes: readonly RedisNode[];
  readonly username: string | null;
  readonly password: string | null;
}

export type RedisAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'single'; readonly url: string }
  | ({ readonly kind: 'cluster' } & Several)
  | ({
      readonly kind: 'sentinel';
      readonly master: string;
      readonly db: number;
      readonly sentinelUsername: string | null;
      readonly sentinelPassword: string | null;
    } & Several);

const defaultPorts = { sentinel: 26379, cluster: 6379 } as const;

export function toRedisAddress(text: string): RedisAddress | null {
  if (text.startsWith('/')) return { kind: 'socket', path: text };
  const several = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^@/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(text);
  if (several === null) return toOne(text);
  const [, scheme, form, userInfo, hosts = '', path = '', query = ''] = several;
  const kind = form === 'cluster' ? 'cluster' : 'sentinel';
  const nodes = toNodes(hosts, defaultPorts[kind]);
  const user = toUser(userInfo);
  if (nodes === null || user === null) return null;
  const shared = { tls: scheme === 'rediss', nodes, ...user };
  if (kind === 'sentinel') return toSentinel(shared, path, query);
  return path === '' && query === '' ? { kind, ...shared } : null;
}

function toOne(text: string): RedisAddress | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'unix:') {
    return url.hostname === '' && url.pathname.length > 1
      ? { kind: 'socket', path: decodeURIComponent(url.pathname) }
      : null;
  }
  const isFit = url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
  return isFit && /^(\/\d{0,5})?$/.test(url.pathname) ? { kind: 'single', url: text } : null;
}

function toSentinel(shared: Several, path: string, query: string): RedisAddress | null {
  const [, master, db = '0'] = /^([\w.-]+)(?:\/(\d{1,5}))?$/.exec(path) ?? [];
  if (master === undefined) return null;
  const asked = new URLSearchParams(query);
  if ([...asked.keys()].some((name) => name !== 'sentinel_user' && name !== 'sentinel_password')) return null;
  return {
    kind: 'sentinel',
    ...shared,
    master,
    db: Number(db),
    sentinelUsername: asked.get('sentinel_user'),
    sentinelPassword: asked.get('sentinel_password'),
  };
}

function toNodes(hosts: string, defaultPort: number): RedisNode[] | null {
  const nodes = hosts.split(',').map((host) => {
    const [, inBrackets, name, port = String(defaultPort)] =
      /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(host) ?? [];
    return { host: inBrackets ?? name ?? '', port: Number(port) };
  });
  return nodes.every(({ host, port }) => host !== '' && port > 0 && port < 65_536) ? nodes : null;
}

function toUser(info: string | undefined): Pick<Several, 'username' | 'password'> | null {
  if (info === undefined) return { username: null, password: null };
  const [name = '', ...rest] = info.split(':');
  try {
    return {
      username: name === '' ? null : decodeURIComponent(name),
      password: rest.length === 0 ? null : decodeURIComponent(rest.join(':')),
    };
  } catch {
    // A lone % is no percent-encoding: refused like any other text that is no address.
    return null;
  }
}
