/** A real DNS server on loopback whose answers a test sets, and a resolver that asks nobody else. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns';
import { isIPv4 } from 'node:net';
import type { Resolve } from '../../../src/shared/guard/create-guarded-agent.ts';

export interface DnsServer {
  /** The nth question about a name gets the nth list, and from the last one on that. */
  readonly names: Map<string, (readonly string[])[]>;
  readonly asked: string[];
  readonly resolve: Resolve;
  readonly close: () => void;
}

const typeA = 1;
const typeAaaa = 28;

export async function startDnsServer(): Promise<DnsServer> {
  const names = new Map<string, (readonly string[])[]>();
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = questionOf(query);
    if (type === typeA) asked.push(name);
    const lists = names.get(name) ?? [];
    // A and AAAA of one resolution belong together: the first of the pair, A, moves on.
    const at = Math.max(0, asked.filter((one) => one === name).length - 1);
    const addresses = (lists[at] ?? lists.at(-1) ?? []).filter((one) => isIPv4(one) === (type === typeA));
    socket.send(reply(query, end, type, addresses), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  const resolve: Resolve = (hostname, _options, callback) => {
    resolver.resolve4(hostname, (noFour, four) => {
      resolver.resolve6(hostname, (noSix, six) => {
        const found = [
          ...(noFour === null ? four : []).map((address) => ({ address, family: 4 })),
          ...(noSix === null ? six : []).map((address) => ({ address, family: 6 })),
        ];
        callback(found.length === 0 ? (noFour ?? noSix) : null, found);
      });
    });
  };
  return { names, asked, resolve, close: () => socket.close() };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString('ascii'));
    at += length + 1;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function reply(query: Buffer, end: number, type: number, addresses: readonly string[]): Buffer {
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x81_80, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) => {
    const data = type === typeAaaa ? sixteen(address) : Buffer.from(address.split('.').map(Number));
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc0_0c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(0, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, ...records]);
}

/** Full or `::` forms with hexadecimal groups only. */
function sixteen(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((one) => parseInt(one, 16)));
  const [before, behind] = [groups(left), groups(right ?? '')];
  const all = [...before, ...Array<number>(8 - before.length - behind.length).fill(0), ...behind];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}
