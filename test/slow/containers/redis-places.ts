/** Redis in containers, in every form that REDIS_URL has: one server, Sentinels, a cluster, TLS with a user of few rights. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import { readDocument } from '../../docs/document.ts';
import { until } from '../../end-to-end/world.ts';
import { docker } from './engine.ts';

export interface RedisPlace {
  readonly url: string;
  /** As the server tells it. */
  readonly version: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Kills the server that has the data; resolves once another one, or itself again, has taken over. */
  readonly lose?: () => Promise<void>;
}

const image = 'redis:7-alpine';
const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
const port = 6379;

interface Server {
  readonly container: StartedTestContainer;
  readonly ip: string;
  /** Of the test itself. */
  readonly admin: Redis;
}

async function start(t: TestContext, args: readonly string[], from = image): Promise<Server> {
  const container = await new GenericContainer(from)
    .withCommand([...args])
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections|monitor master/))
    .start();
  t.after(() => container.stop({ timeout: 0 }));
  const ip = container.getIpAddress('bridge');
  const admin = connect(t, ip, port);
  return { container, ip, admin };
}

function connect(t: TestContext, host: string, at: number, options: object = {}): Redis {
  const admin = new Redis({ host, port: at, lazyConnect: true, retryStrategy: () => 200, ...options });
  admin.on('error', () => undefined);
  t.after(() => admin.disconnect());
  return admin;
}

const kill = (container: StartedTestContainer): string => docker(['kill', '--signal', 'KILL', container.getId()]);

async function versionOf(admin: Redis): Promise<string> {
  const info = await admin.info('server');
  const of = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const valkey = of('valkey_version');
  return valkey === undefined ? `Redis ${of('redis_version')}` : `Valkey ${valkey}`;
}

/** One server; when it is lost it comes back with what its append-only file has. */
export async function openSingle(t: TestContext, from = image): Promise<RedisPlace> {
  const { container, ip, admin } = await start(t, durable, from);
  return {
    url: `redis://${ip}:${port}`,
    version: await versionOf(admin),
    lose: async () => {
      kill(container);
      docker(['start', container.getId()]);
      await until('Redis is back', async () => ((await admin.ping()) === 'PONG' ? true : null));
    },
  };
}

/** A master, a replica, and three Sentinels that agree on a loss after a second. */
export async function openSentinelSet(t: TestContext): Promise<RedisPlace> {
  const master = await start(t, durable);
  const replica = await start(t, [...durable, '--replicaof', master.ip, String(port)]);
  const conf = [
    'port 26379',
    `sentinel monitor video ${master.ip} ${port} 2`,
    'sentinel down-after-milliseconds video 1000',
    'sentinel failover-timeout video 5000',
  ].join('\\n');
  const script = `printf '${conf}\\n' > /tmp/sentinel.conf && exec redis-server /tmp/sentinel.conf --sentinel`;
  const sentinels = await Promise.all([1, 2, 3].map(() => start(t, ['sh', '-c', script])));
  await until('the replica is in step', async () =>
    (await replica.admin.info('replication')).includes('master_link_status:up') ? true : null,
  );
  await until('the Sentinels know one another', async () => {
    const asked = connect(t, sentinels[0]?.ip ?? '', 26379);
    const known = (await asked.call('SENTINEL', 'SENTINELS', 'video')) as unknown[];
    const replicas = (await asked.call('SENTINEL', 'REPLICAS', 'video')) as unknown[];
    asked.disconnect();
    return known.length === 2 && replicas.length === 1 ? true : null;
  });
  return {
    url: `redis+sentinel://${sentinels.map(({ ip }) => ip).join(',')}/video`,
    version: `${await versionOf(master.admin)}, Sentinel`,
    lose: async () => {
      kill(master.container);
      await until('the replica is master', async () =>
        (await replica.admin.info('replication')).includes('role:master') ? true : null,
      );
    },
  };
}

/** Three masters, and a replica of the one that has our slot. */
export async function openCluster(t: TestContext, tag: string): Promise<RedisPlace> {
  const args = [...durable, '--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const nodes = await Promise.all([1, 2, 3, 4].map(() => start(t, args)));
  const [first, , , replica] = nodes;
  if (first === undefined || replica === undefined) throw new Error('four nodes were asked for');
  for (const { ip } of nodes.slice(1)) await first.admin.call('CLUSTER', 'MEET', ip, String(port));
  const slots = [0, 5461, 10923, 16384];
  for (const [at, node] of nodes.slice(0, 3).entries()) {
    await node.admin.call('CLUSTER', 'ADDSLOTSRANGE', String(slots[at]), String((slots[at + 1] ?? 0) - 1));
  }
  await until('the cluster stands', async () => {
    const told = await Promise.all(nodes.map(({ admin }) => admin.call('CLUSTER', 'INFO') as Promise<string>));
    return told.every((info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:4'))
      ? true
      : null;
  });
  const slot = (await first.admin.call('CLUSTER', 'KEYSLOT', tag)) as number;
  const owner = nodes[slots.findLastIndex((from) => from <= slot)];
  if (owner === undefined) throw new Error(`nobody has slot ${slot}`);
  await replica.admin.call('CLUSTER', 'REPLICATE', (await owner.admin.call('CLUSTER', 'MYID')) as string);
  await until('the replica is in step', async () =>
    (await replica.admin.info('replication')).includes('master_link_status:up') ? true : null,
  );
  return {
    url: `redis+cluster://${nodes.map(({ ip }) => ip).join(',')}`,
    version: `${await versionOf(first.admin)}, cluster`,
    lose: async () => {
      kill(owner.container);
      await until('the replica is master', async () =>
        (await replica.admin.info('replication')).includes('role:master') ? true : null,
      );
    },
  };
}

/** TLS alone, under a private authority, and a user with the rights that docs/redis.md lists. */
export async function openTlsAndAcl(
  t: TestContext,
  prefix: string,
): Promise<RedisPlace & { readonly denied: () => Promise<unknown[]> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-tls-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  makeCertificates(folder);
  const files = ['ca.crt', 'server.crt', 'server.key'];
  const tls = [
    '--port',
    '0',
    '--tls-port',
    String(port),
    '--tls-auth-clients',
    'no',
    '--tls-ca-cert-file',
    '/tls/ca.crt',
  ];
  const container = await new GenericContainer(image)
    .withCopyFilesToContainer(
      files.map((name) => ({ source: join(folder, name), target: `/tls/${name}`, mode: 0o644 })),
    )
    .withCommand([...durable, ...tls, '--tls-cert-file', '/tls/server.crt', '--tls-key-file', '/tls/server.key'])
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  t.after(() => container.stop({ timeout: 0 }));
  const ca = await readFile(join(folder, 'ca.crt'));
  const admin = connect(t, container.getHost(), container.getMappedPort(port), {
    tls: { ca, servername: 'localhost' },
  });
  const rules = await documentedRules(prefix);
  await admin.call('ACL', 'SETUSER', 'video', 'on', '>p@ss', ...rules);
  return {
    url: `rediss://video:p%40ss@localhost:${container.getMappedPort(port)}`,
    version: `${await versionOf(admin)}, TLS + ACL`,
    environment: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.crt') },
    denied: async () => (await admin.call('ACL', 'LOG')) as unknown[],
  };
}

async function documentedRules(prefix: string): Promise<string[]> {
  const rules = /```acl\n([\s\S]*?)```/.exec(await readDocument('docs/redis.md'))?.[1] ?? '';
  return rules.replaceAll('batch-video', prefix).trim().split(/\s+/);
}

function makeCertificates(folder: string): void {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority');
  openssl(
    'req',
    ...key,
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-copy_extensions',
    'copy',
    '-out',
    'server.crt',
  );
}
