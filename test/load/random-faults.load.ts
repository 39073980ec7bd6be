/**
 * 1,000 files while every call may meet any fault, by a seed (FAULT_SEED, FAULT_FILES, FAULT_RATE): each file ends right, or with a
 * code that a fault it met accounts for, and the upstream's books show nothing sent twice.
 */
import assert from 'node:assert/strict';
import { env } from 'node:process';
import { test } from 'node:test';
import type { toLedgerReport } from '../../src/sandbox/ledger-report.ts';
import { admin, filesOf } from '../end-to-end/account-scenarios.ts';
import { openPlace } from '../end-to-end/open-place.ts';
import { getJson, postBatch, readResults, untilEnded, type FileView } from '../end-to-end/world.ts';
import { accountsFor } from '../end-to-end/honest-codes.ts';

type Ledger = ReturnType<typeof toLedgerReport>;
type Call = Ledger['calls'][number];
interface Result extends FileView {
  readonly steps: readonly { readonly session_id?: string | null; readonly render_id?: string | null }[];
}

const seed = Number(env['FAULT_SEED'] ?? 1);
const count = Number(env['FAULT_FILES'] ?? 1000);
const rate = Number(env['FAULT_RATE'] ?? 0.04);
const instructions = ['trim the first 1 second', 'mute'];
const sessionCost = 50;

test(`brings ${count} files through random faults (seed ${seed}), or ends them honestly`, async (t) => {
  const place = await openPlace(t, {
    workers: 2,
    sandbox: { timeScale: 30 },
    environment: {
      MAX_IN_FLIGHT: '100',
      RATE_LIMIT_WAIT_MS: '100',
      EDIT_TIMEOUT_MS: '4000',
      EDIT_IDLE_MS: '2000',
      EDIT_RECHECKS: '4',
      RENDER_MAX_POLLS: '30',
      UPSTREAM_GIVE_UP_MS: '60000',
    },
  });
  await admin(place.sandbox, 'scenario', { seed, rate, harsh: true });
  const { id } = await postBatch(place.api, { instructions, files: filesOf(place, count) });
  await untilEnded(place.api, id, 420_000);
  const files = (await readResults(place.api, id)) as Result[];
  const ledger = await getJson<Ledger>(`${place.sandbox}/admin/ledger`);
  const faults = Object.values(ledger.faults).reduce((sum, hits) => sum + hits, 0);
  const byCode = Object.groupBy(files, ({ status, error }) => error?.code ?? status);
  const told = Object.entries(byCode).map(([code, of]) => `${code} ${of?.length}`);
  t.diagnostic(`seed ${seed}: ${faults} faults of ${Object.keys(ledger.faults).length} kinds; ${told.join(', ')}`);

  assert.equal(files.length, count);
  assert.deepEqual(ledger.repeated_turns, []);
  assert.equal(ledger.totals.draft_mismatches, 0);
  for (const session of ledger.sessions) {
    assert.ok(session.charged <= sessionCost, `session ${session.id} was charged ${session.charged}`);
  }
  const sessions = new Map(ledger.sessions.map((session) => [session.id, session]));
  const unexplained: string[] = [];
  for (const file of files) {
    const ids = new Set([...file.steps.map(({ session_id: of }) => of), file.session?.id]);
    const renders = file.steps.flatMap(({ render_id: of }) => of ?? []);
    // A poll for a render that never arrived names no session. A file without a session can only have met its end at the call that should have made one.
    const isItsCall = (call: Call): boolean =>
      file.session === null
        ? call.endpoint === 'session'
        : ids.has(call.session) || renders.some((render) => call.path.includes(render));
    const met = ledger.calls
      .filter(isItsCall)
      .flatMap(({ endpoint, faults: names }) => names.map((fault) => ({ fault, endpoint })));
    if (file.status === 'completed') {
      const { turns = [], charged } = sessions.get(file.session?.id ?? '') ?? {};
      const applied = turns.filter(({ appliedAt }) => appliedAt !== null).map(({ text }) => text);
      const said = `file ${file.index}, which met ${JSON.stringify(met)}`;
      assert.deepEqual([applied, charged], [instructions, sessionCost], said);
      continue;
    }
    const { code } = file.error ?? { code: file.status };
    if (!met.some((each) => accountsFor(code, each)))
      unexplained.push(JSON.stringify({ index: file.index, code, error: file.error, met, steps: file.steps }));
  }
  assert.deepEqual(unexplained, []);
});
