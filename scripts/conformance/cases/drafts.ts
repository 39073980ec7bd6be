/** Drafts as the state shows them, odd ones too: read the known keys only, pass on what was shown, never render nothing. */
import { must, same, type Row } from '../row.ts';
import { mustComplete, runOne } from './stream-forms.ts';

const odd = ['draft-missing', 'draft-null', 'draft-empty', 'tracks-empty', 'segments-empty'] as const;
const rule = 'upstream: faults; draft keys t, tt, sg, d, m';

const onceRow = (fault: string, skip: number, when: string): Row => ({
  what: `${fault} at ${when}`,
  rule,
  run: async (world) => {
    await world.fault(fault, { endpoint: 'state', skip });
    mustComplete(await runOne(world, ['trim the first 3 seconds', 'mute']));
    same(world.sessions().length, 1, 'sessions');
    return 'completed';
  },
});

const alwaysRow = (fault: string): Row => ({
  what: `${fault} at every read`,
  rule: 'upstream: ready when t has a non-empty sg',
  run: async (world) => {
    await world.fault(fault, { endpoint: 'state', times: null });
    const file = await runOne(world, ['mute']);
    const code = file.error?.code ?? file.status;
    must(['nothing_to_render', 'edit_not_applied'].includes(code), code);
    same(world.calls('render').length, 0, 'renders');
    return code;
  },
});

/** In a lane the second file finds a draft, so that an odd read before its first turn looks otherwise than the next. */
const oddBeforeRow = (fault: 'silent-no-op' | 'sse-cut-never-applied', code: string): Row => ({
  what: `tracks-empty at the read before a first turn that does nothing: ${fault}`,
  rule: 'design §4 (1): what is compared must be the state before the turn',
  run: async (world) => {
    // The second of two: what is stored as "before" is the later one.
    await world.fault('tracks-empty', { endpoint: 'state', file: 1, skip: 1 });
    await world.fault(fault, { file: 1 });
    const files = [0, 1].map((index) => ({ source: { url: world.clip(index) } }));
    const { id } = await world.post(['mute'], { files, max_sessions: 1 });
    await world.ended(id);
    const file = await world.file(id, 1);
    same(file.error?.code ?? file.status, code, 'ends as');
    same(world.calls('render').length, 1, 'renders, the first file’s');
    return code;
  },
});

/** Two of the faults pass by a session that has no draft yet: for them, reads count from the first turn on. */
const needsDraft = (fault: string): boolean => fault.endsWith('s-empty');

export const rows: readonly Row[] = [
  // The first turn takes four reads: two before it, and two after it, each pair equal.
  ...odd.map((fault) => onceRow(fault, needsDraft(fault) ? 0 : 2, 'one read after a turn')),
  ...odd.map((fault) => onceRow(fault, needsDraft(fault) ? 2 : 4, 'the read before the second turn')),
  ...odd.map(alwaysRow),
  oddBeforeRow('silent-no-op', 'edit_not_applied'),
  oddBeforeRow('sse-cut-never-applied', 'edit_unconfirmed'),
  {
    what: 'd as string at every read',
    rule,
    run: async (world) => {
      await world.fault('duration-string', { endpoint: 'state', times: null });
      const file = await runOne(world, ['mute']);
      mustComplete(file);
      must(
        /^Timeline \(1 track\): 1\. Video: .* \(0-30s\)/u.test(file.timeline?.summary ?? ''),
        file.timeline?.summary ?? 'none',
      );
      return file.timeline?.summary.replace(/r\d+-/u, '') ?? '';
    },
  },
  {
    what: 'summary of the tracks',
    rule: 'seed: Timeline (3 tracks): 1. Video …',
    run: async (world) => {
      const assets = [{ url: world.clip(0, 'mp3') }];
      const { id } = await world.post(
        ['trim to 10s', 'add background music at 35 %', 'add the title "Urban Dreams" for 3 seconds'],
        { assets },
      );
      await world.ended(id);
      const file = await world.file(id);
      mustComplete(file);
      const { summary } = file.timeline ?? { summary: '' };
      must(
        /^Timeline \(3 tracks\): 1\. Video: .*\(0-10s\) 2\. \w+: .*\(0-10s, 35%\) 3\. Title: "Urban Dreams" \(0-3s\)$/u.test(
          summary,
        ),
        summary,
      );
      return summary.replace(/r\d+-/gu, '');
    },
  },
  {
    what: 'draft passed verbatim (unknown keys, numbers beyond 2^53)',
    rule: 'seed: "draft":<json>; upstream: the identical object',
    run: async (world) => {
      mustComplete(await runOne(world, ['mute']));
      // The sandbox's drafts have both; a draft that is not digit for digit one that it has shown is in its ledger.
      const ids = new Set(world.sessions().map(({ id }) => id));
      same(world.ledger().draft_mismatches.filter(({ sessionId }) => ids.has(sessionId)).length, 0, 'mismatches');
      return 'no mismatch in the ledger';
    },
  },
];
