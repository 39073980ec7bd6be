import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../src/shared/log.ts';
import { redactUrl } from '../../src/shared/redact-url.ts';

const secret = 'pl4nted-s3cret';

function collect(options: { pretty?: boolean; secrets?: string[] } = {}) {
  const lines: string[] = [];
  const log = createLog({ level: 'trace', ...options, destination: { write: (line) => void lines.push(line) } });
  return { log, lines };
}

test('lets no planted secret out, wherever it is put', () => {
  const names = [
    'token', 'nemo_token', 'access-token', 'claimToken', 'authorization', 'Authorization', 'secret', 'webhook_secret',
    'password', 'api_key', 'apiKey', 'key', 'X-Client-Id', 'cookie', 'Set-Cookie', 'prompt', 'instruction',
    'instructions', 'text', 'reply', 'body', 'rawBody', 'draft', 'signature', 'webhook-signature',
  ]; // prettier-ignore
  const { log, lines } = collect();
  for (const name of names) {
    log.info({ [name]: secret }, 'flat');
    log.info({ a: { b: [{ [name]: { inner: [secret] } }] } }, 'nested');
    log.child({ [name]: secret }).info('in a binding');
    log.error(Object.assign(new Error('failed'), { [name]: secret }), 'on an error');
  }
  const url = `https://user:${secret}@cdn.example/a.mp4?X-Amz-Signature=${secret}#${secret}`;
  log.info({ source: { url } }, 'url in a field');
  log.info(`GET ${url} failed`);
  log.error({ err: new Error(`GET ${url}`, { cause: new Error(url) }) }, 'url in an error');
  log.info(`redis://:${secret}@h:6379/0 and Authorization: Bearer ${secret}, and nmv_usr_${secret} whsec_${secret}`);
  log.info({ headers: { authorization: `Bearer ${secret}` }, note: `bearer ${secret}` }, 'headers');
  assert.equal(lines.length, names.length * 4 + 5);
  assert.deepEqual(
    lines.filter((line) => line.includes(secret)),
    [],
  );
  assert.match(lines.join(''), /https:\/\/cdn\.example\/a\.mp4/);
});

test('blanks a configured secret in free text', () => {
  const { log, lines } = collect({ secrets: [secret] });
  log.error({ err: new Error(`refused ${secret}`), detail: `x${secret}y` }, `said ${secret}`);
  assert.ok(!lines.join('').includes(secret));
});

test('keeps names, numbers, ids and time, and hides no count', () => {
  const { log, lines } = collect();
  const fields = { batch_id: 'bat_1', file_id: 'fil_1', step: 'edit', rev: 7, request_id: 'r', token_version: 3 };
  log.child({ batch_id: 'bat_1' }).info({ ...fields, instructions: 2 }, 'moved');
  const { time, level, msg, ...rest } = JSON.parse(lines[0] ?? '');
  assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual([level, msg], ['info', 'moved']);
  assert.partialDeepStrictEqual(rest, { ...fields, instructions: 2 });
});

test('drops a level below the chosen one', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'warn', destination: { write: (line) => void lines.push(line) } });
  log.info('unseen');
  log.warn('seen');
  assert.equal(lines.length, 1);
});

test('writes a line for people when asked to, as free of secrets', () => {
  const { log, lines } = collect({ pretty: true });
  log.warn({ step: 'edit', token: secret }, 'slow');
  assert.match(lines[0] ?? '', /^[\d:.]{12} WARN {2}slow step=edit token=\[redacted\]\n$/);
});

test('shows a URL without user, query and fragment, also when it does not parse', () => {
  assert.equal(redactUrl('https://u:p@h/a?x=1#y'), 'https://h/a');
  assert.equal(redactUrl('https://u:p@@h:99999/a?x'), 'https://h:99999/a');
  assert.equal(redactUrl('/path?token=1'), '/path');
  assert.equal(redactUrl('https://h/@me'), 'https://h/@me');
});

test('adds the ids of the trace to every line, and leaves them readable', () => {
  const lines: string[] = [];
  const ids = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };
  const log = createLog({
    level: 'info',
    bindings: () => ids,
    destination: { write: (line) => void lines.push(line) },
  });
  log.child({ batch_id: 'bat_1' }).info('moved');
  const { trace_id, span_id, batch_id } = JSON.parse(lines[0] ?? '{}') as Record<string, string>;
  assert.deepEqual({ trace_id, span_id, batch_id }, { ...ids, batch_id: 'bat_1' });
});
