/** HTTPS in front of the sandbox, with a certificate that the service trusts, or, while a file is there, one it does not. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

export interface Tls {
  readonly port: number;
  /** Path of the certificate that the service is told to trust. */
  readonly authority: string;
  readonly close: () => void;
}

const run = promisify(execFile);

export async function openTls(folder: string, target: number): Promise<Tls> {
  const [good, bad] = [await makeCertificate(folder, 'good'), await makeCertificate(folder, 'bad')];
  const present = () => (existsSync(join(folder, 'bad-certificate')) ? bad : good);
  const sockets = new Set<Socket>();
  const server = createServer(good, (inside) => {
    const outside = connect(target, '127.0.0.1');
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    inside.on('close', () => outside.destroy());
    outside.on('close', () => inside.destroy());
    inside.pipe(outside).pipe(inside);
  });
  // An address has no server name to choose by: the certificate of the moment is set before each handshake.
  server.prependListener('connection', () => {
    server.setSecureContext(present());
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    authority: good.path,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function makeCertificate(folder: string, name: string) {
  const [path, keyPath] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await run('openssl', ['req', ...kind, '-keyout', keyPath, '-out', path, ...subject]);
  return { path, cert: await readFile(path), key: await readFile(keyPath) };
}
