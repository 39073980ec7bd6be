/** Faults that strike a call before its handler: refusals, proxies' pages, broken connections, delays. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Call } from './call.ts';
import type { Sandbox } from './context.ts';
import { drawScenario, takeFault } from './faults.ts';
import { Refusal, refusals } from './refusal.ts';

const HTML = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;

/** Throws a `Refusal`, answers by itself (true), or lets the call go on (false). */
export async function strike(
  sandbox: Sandbox,
  call: Call,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  drawScenario(sandbox.faults, call);
  refuse(sandbox, call);
  const slow = takeFault(sandbox.faults, call, 'slow');
  if (slow !== null) await sandbox.clock.sleepReal(slow.delayMs);
  if (takeFault(sandbox.faults, call, 'reply-lost') !== null) call.isReplyLost = true;
  if (takeFault(sandbox.faults, call, 'connection-reset') !== null) {
    reply.hijack();
    request.raw.socket.resetAndDestroy();
    return true;
  }
  return answerAsProxy(sandbox, call, reply);
}

function refuse(sandbox: Sandbox, call: Call): void {
  const { faults } = sandbox;
  const limited = takeFault(faults, call, 'rate-limited');
  if (limited !== null) {
    const wait = limited.retryAfterS === null ? {} : { 'retry-after': String(limited.retryAfterS) };
    throw new Refusal(429, 'rate limited', limited.as, wait);
  }
  const invalid = takeFault(faults, call, 'token-invalid');
  if (invalid !== null) throw refusals.tokenInvalid(invalid.as);
  const expires = takeFault(faults, call, 'token-expires');
  if (expires !== null && call.token !== null) {
    call.token.expiresAtMs = 0;
    throw refusals.tokenInvalid(expires.as);
  }
  refuseSession(sandbox, call);
  const credits = takeFault(faults, call, 'out-of-credits');
  if (credits !== null) throw refusals.outOfCredits(credits.as);
  const type = takeFault(faults, call, 'unsupported-file-type');
  if (type !== null) throw refusals.unsupportedType('this file', type.as);
  const large = takeFault(faults, call, 'file-too-large');
  if (large !== null) throw refusals.tooLarge(large.as);
  const blocked = takeFault(faults, call, 'export-blocked');
  if (blocked !== null) throw refusals.exportBlocked('export is not part of the free plan', blocked.as);
  const forbidden = takeFault(faults, call, 'forbidden');
  if (forbidden !== null) throw new Refusal(403, 'not allowed for this token', forbidden.as);
}

function refuseSession(sandbox: Sandbox, call: Call): void {
  const missing = takeFault(sandbox.faults, call, 'session-missing');
  if (missing !== null) throw refusals.sessionMissing(missing.as);
  const forgotten = takeFault(sandbox.faults, call, 'session-forgotten');
  if (forgotten === null) return;
  const session = sandbox.store.sessions.get(call.session ?? '');
  if (session !== undefined) session.isForgotten = true;
  throw refusals.sessionMissing(forgotten.as);
}

function answerAsProxy(sandbox: Sandbox, call: Call, reply: FastifyReply): boolean {
  const { faults } = sandbox;
  const gateway = takeFault(faults, call, 'bad-gateway');
  const page =
    gateway !== null
      ? ([gateway.status, `${gateway.status} Bad Gateway`] as const)
      : takeFault(faults, call, 'html-404') !== null
        ? ([404, '404 Not Found'] as const)
        : takeFault(faults, call, 'bare-413') !== null
          ? ([413, '413 Request Entity Too Large'] as const)
          : null;
  if (page !== null) {
    void reply.code(page[0]).type('text/html').send(HTML(page[1]));
    return true;
  }
  if (takeFault(faults, call, 'json-404') !== null) {
    void reply.code(404).send({ detail: 'Not Found' });
    return true;
  }
  if (takeFault(faults, call, 'server-error') === null) return false;
  void reply.code(500).send({ detail: 'Internal Server Error' });
  return true;
}
