/** The guards that keep "nothing lost, nothing paid twice", each taken out, and the case of the matrix that must fail then. */
import type { Edit } from '../mutation/faulty-copy.ts';
import type { Death } from './points.ts';

export interface Mutant {
  readonly guard: string;
  readonly edits: readonly Edit[];
  /** As `--only` takes it. */
  readonly only: string;
  readonly death: Death;
}

export const mutants: readonly Mutant[] = [
  {
    guard: 'fencing: who lost the race never POSTs',
    edits: [
      {
        file: 'src/workers/edit.ts',
        find: '  await fence(run, turnId, read);\n',
        replace: '  const file = run.file();\n  await fence(run, turnId, read);\n',
      },
      {
        file: 'src/workers/edit.ts',
        find: "  ctx.reach('turn: fenced, not sent');\n  const file = run.file();\n",
        replace: "  ctx.reach('turn: fenced, not sent');\n",
      },
      {
        file: 'src/workers/edit.ts',
        find: "if (held.status !== 'editing' || held.turn?.id !== turnId) throw",
        replace: "if (held.status === 'canceled') throw",
      },
      {
        file: 'src/workers/edit.ts',
        find: 'run.monotonicMs() - askedAt < ctx.config.lockMs / 2',
        replace: 'run.monotonicMs() >= askedAt',
      },
      { file: 'src/workers/edit.ts', find: '        signals.mayCall() &&\n', replace: '' },
    ],
    only: 'save turn-sent: before',
    death: 'stop',
  },
  {
    guard: 'sentAt: a turn that may have been sent is looked for',
    edits: [
      {
        file: 'src/workers/edit.ts',
        find: "    await run.finish({ type: 'turn-found-open', run: run.number });\n    return;\n",
        replace: '    return startTurn(run);\n',
      },
      {
        file: 'src/shared/domain/decide-edit.ts',
        find: '  file.state.turn === null && file.applied',
        replace: '  file.applied',
      },
    ],
    only: 'turn: ended, not saved',
    death: 'kill',
  },
  {
    guard: 'rev: a save counts only on what was read',
    edits: [
      {
        file: 'src/shared/redis/lua/advance.lua',
        find: "if f[1] ~= ARGV[4] then return { 'stale' } end\n",
        replace: '',
      },
    ],
    only: 'save state-read: before',
    death: 'stop',
  },
  {
    guard: 'single-flight: one token for the fleet',
    edits: [
      {
        file: 'src/shared/account/renew-token.ts',
        find: "lock, 'PX', lockMs, 'NX')) === 'OK'",
        replace: "lock, 'PX', lockMs)) === 'OK'",
      },
    ],
    only: 'token: saved, lock held',
    death: 'term',
  },
  {
    guard: 'outbox: what was saved is enqueued again',
    edits: [{ file: 'src/workers/ask-again.ts', find: '  if (job === undefined) {', replace: '  if (job === null) {' }],
    only: 'save admitted: saved, not enqueued',
    death: 'kill',
  },
];
