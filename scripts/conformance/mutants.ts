/** Deliberate faults, one at a time, each with the row that must notice it. The text to find stands once in its file. */

export interface Mutant {
  readonly fault: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Part of the name of the row, or rows, of which at least one must fail. */
  readonly only: string;
}

export const mutants: readonly Mutant[] = [
  {
    fault: 'sends a turn of unknown outcome again',
    file: 'src/shared/domain/decide-check.ts',
    find: '  return unconfirmed(file, now);\n}\n\nexport const unconfirmed',
    replace: '  return plan(cleared, cleared.state);\n}\n\nexport const unconfirmed',
    only: 'cut, never applied',
  },
  {
    fault: 'believes "Done." instead of the state',
    file: 'src/shared/domain/decide-settle.ts',
    find: '  return unchanged ? settledUnchanged(file',
    replace: "  return unchanged && file.state.turn.end?.reply === '' ? settledUnchanged(file",
    only: 'claims "Done."',
  },
  {
    fault: 'takes silence for "not applied" at once',
    file: 'src/shared/domain/decide-settle.ts',
    find: 'const allowed = answered ? 1 : policy.editRechecks;',
    replace: 'const allowed = answered ? 1 : 0;',
    only: 'turn: silent no-op',
  },
  {
    fault: 'settles on one read',
    file: 'src/shared/domain/decide-settle.ts',
    find: '  if (settle === null) return readAgain(file, firstSettleRead(read), now + wait);',
    replace:
      '  if (settle === null) return unchanged ? readAgain(file, firstSettleRead(read), now + wait) : applied(file, read, now);',
    only: 'second stage does not pass',
  },
  {
    fault: 'takes one read for the state before a first turn',
    file: 'src/shared/domain/decide-settle.ts',
    find: '(file.settled === null ? read.steady : ',
    replace: '(file.settled === null || ',
    only: 'the read before a first turn that does nothing',
  },
  {
    fault: 'sends a turn before the upload has landed',
    file: 'src/shared/domain/decide-settle.ts',
    find: '  media > 0 || lane !== null',
    replace: '  media >= 0 || lane !== null',
    only: 'upload by url: lands late',
  },
  {
    fault: 'retries an unconfirmed turn without a look',
    file: 'src/shared/domain/decide-caller.ts',
    find: "if (code === 'edit_unconfirmed') return { ...editingFrom('waiting', now), turn: at.turn, lookFirst: true };",
    replace: "if (code === 'edit_unconfirmed') return editingFrom('waiting', now);",
    only: 'applied meanwhile → not sent again',
  },
  {
    fault: 'makes new sessions without an end',
    file: 'src/shared/domain/policy.ts',
    find: 'export const maxRestarts = 3;',
    replace: 'export const maxRestarts = 30;',
    only: 'lost for the fourth time',
  },
  {
    fault: 'believes one bare 404',
    file: 'src/workers/read-session.ts',
    find: '    return await confirmGone(read);',
    replace: "    throw new UpstreamError('read-state', { ...error.fault, code: 'session_missing' }, error);",
    only: 'one bare 404 at a read',
  },
  {
    fault: 'leaves out an attribution header',
    file: 'src/shared/upstream/attribution.ts',
    find: "    'X-Skill-Version': input.version,\n",
    replace: '',
    only: 'all three attribution headers',
  },
  {
    fault: 'rounds numbers of the draft',
    file: 'src/shared/upstream/submit-render.ts',
    find: '"draft":${render.draftText}',
    replace: '"draft":${JSON.stringify(JSON.parse(render.draftText))}',
    only: 'draft passed verbatim',
  },
  {
    fault: 'rounds a session id that comes as a number',
    file: 'src/shared/upstream/parse-json.ts',
    find: 'longNumber.test(text)',
    replace: '/\\d{99}/.test(text)',
    only: '19-digit number',
  },
  {
    fault: 'makes up a client id for each token',
    file: 'src/shared/account/renew-token.ts',
    find: 'clientId: replaced ?? source.clientId',
    replace: 'clientId: v4()',
    only: 'token dies in the middle',
  },
  {
    fault: 'renews a dead token for each call',
    file: 'src/shared/account/account.ts',
    find: 'account.renew(token.version, signal)',
    replace: 'account.renew(1_000_000, signal)',
    only: 'token dies in the middle',
  },
  {
    fault: 'asks for a token again and again',
    file: 'src/shared/account/renew-token.ts',
    find: "    await rest(source, 'refused');\n",
    replace: '',
    only: 'weekly quota',
  },
  {
    fault: 'goes on calling while the account is paused',
    file: 'src/shared/account/account-gate.ts',
    find: 'pausedMs: () => Math.max(0, seen.until - redisNow())',
    replace: 'pausedMs: () => 0 * Math.max(0, seen.until - redisNow())',
    only: 'their next call waits',
  },
  {
    fault: 'does not read Retry-After',
    file: 'src/shared/account/limit-wait.ts',
    find: 'fault.retryAfterMs ?? 0',
    replace: '0 * (fault.retryAfterMs ?? 0)',
    only: 'Retry-After',
  },
  {
    fault: 'fails a file that is out of credits',
    file: 'src/shared/domain/reactions.ts',
    find: "row('park', 'out_of_credits', 'never')",
    replace: "row('fail', 'out_of_credits', 'never')",
    only: '2001: parked',
  },
  {
    fault: 'takes an unknown render status for a failure',
    file: 'src/shared/upstream/render-reply.ts',
    find: "text === 'failed' ? text : 'processing'",
    replace: "text === 'failed' || text === 'processing' ? text : 'failed'",
    only: 'render: unknown status',
  },
  {
    fault: 'gives a failed render up at once',
    file: 'src/shared/domain/decide-render.ts',
    find: 'const maxRenderFailures = 2;',
    replace: 'const maxRenderFailures = 1;',
    only: 'render: failed once',
  },
  {
    fault: 'does not look at the end of an output',
    file: 'src/workers/inspect-output.ts',
    find: 'bytes !== null && !(await endsThere(open, bytes))',
    replace: 'bytes === -1 && !(await endsThere(open, bytes))',
    only: 'render: truncated file',
  },
  {
    fault: 'starts over when a blocked export is retried',
    file: 'src/shared/domain/decide-caller.ts',
    find: "        ...renderingFrom('waiting', now),\n        render: at.render === null ? null : { ...at.render, polls: 0, lookOnce: true },",
    replace: "        ...uploadingFrom('waiting', now),",
    only: '402, and a retry goes on',
  },
  {
    fault: 'uploads again without a look',
    file: 'src/workers/upload.ts',
    find: 'const found = state.videoNames.length > videosBefore;',
    replace: 'const found = state.videoNames.length > videosBefore + 1000;',
    only: 'upload by url: reply lost',
  },
  {
    fault: 'sends "export" to the editor',
    file: 'src/shared/domain/route-message.ts',
    find: "  return route?.action ?? 'edit';",
    replace: "  return route?.action === 'export' ? 'edit' : (route?.action ?? 'edit');",
    only: 'says export',
  },
  {
    fault: 'joins partial and aggregated text',
    file: 'src/shared/upstream/turn-reply.ts',
    find: "signal.type === 'whole' || (signal.type === 'loose' && open.length > 0)",
    replace: "signal.text === '' && signal.type === 'whole'",
    only: 'partial, then the whole',
  },
  {
    fault: 'keeps "temporary issue" as an answer',
    file: 'src/shared/upstream/turn-stream.ts',
    find: 'dropTemporaryIssue(reply.text())',
    replace: 'reply.text()',
    only: 'temporary issue',
  },
  {
    fault: 'tells people to click',
    file: 'src/shared/domain/decide-edit.ts',
    find: 'const { text } = translateReply(event.reply);',
    replace: 'const text = event.reply;',
    only: 'turn: GUI text',
  },
];
