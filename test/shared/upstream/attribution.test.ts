import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributionHeaders, skillPlatform } from '../../../src/shared/upstream/attribution.ts';
import { parseRetryAfter } from '../../../src/shared/upstream/retry-after.ts';

test('names the platform by SKILL_SOURCE first, then by the place of installation', () => {
  const cases: [string | undefined, string, string][] = [
    ['clawhub', '/home/u/.cursor/skills/x', 'clawhub'],
    [' Cursor ', '/home/u/.clawhub/x', 'cursor'],
    ['other', '/home/u/.clawhub/skills/x', 'clawhub'],
    ['', 'C:\\Users\\u\\.clawhub\\skills', 'clawhub'],
    [undefined, '/home/u/.cursor/skills/x', 'cursor'],
    [undefined, '/home/u/.cursor/other', 'unknown'],
    [undefined, '/srv/app', 'unknown'],
  ];
  for (const [skillSource, installPath, platform] of cases)
    assert.equal(skillPlatform(skillSource, installPath), platform);
  assert.deepEqual(attributionHeaders({ skillSource: undefined, installPath: '/', version: '1.2.3' }), {
    'X-Skill-Source': 'batch-video',
    'X-Skill-Version': '1.2.3',
    'X-Skill-Platform': 'unknown',
  });
});

test('reads Retry-After in both forms', () => {
  const nowMs = Date.UTC(2026, 9, 21, 7, 28);
  const cases: [string | undefined, string | undefined, number | null][] = [
    ['120', undefined, 120_000],
    [' 0 ', undefined, 0],
    ['1.5', undefined, 1500],
    ['-5', undefined, null],
    ['', undefined, null],
    [undefined, undefined, null],
    ['2026', undefined, 2_026_000],
    ['soon', undefined, null],
    ['Wed, 21 Oct 2026 07:29:00 GMT', undefined, 60_000],
    ['Wed, 21 Oct 2026 07:29:00 GMT', 'Wed, 21 Oct 2026 07:28:50 GMT', 10_000],
    ['Wed, 21 Oct 2026 07:29:00 GMT', 'yesterday', 60_000],
    ['Wed, 21 Oct 2020 07:29:00 GMT', undefined, 0],
  ];
  for (const [value, date, expected] of cases) assert.equal(parseRetryAfter(value, date, nowMs), expected, value);
});
