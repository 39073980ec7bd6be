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

export const rows: readonly Row[] = [
  ...odd.map((fault) => onceRow(fault, 1, 'one read after a turn')),
  // The first turn takes three reads: before it, and two that are equal.
  // Two of the faults pass by a session that has no draft yet, so they count from the second read.
  ...odd.map((fault) => onceRow(fault, fault.endsWith('s-empty') ? 2 : 3, 'the read before the second turn')),
  ...odd.map(alwaysRow),
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
