/**
 * The three attribution headers that every call carries: the seed says that export answers 402 when one is missing.
 * Pure: the environment (SKILL_SOURCE) is passed in as text.
 */
export type SkillPlatform = 'clawhub' | 'cursor' | 'unknown';

/** SKILL_SOURCE wins when it names a known platform, else the place of installation tells (upstream headers, vendor). */
export function skillPlatform(skillSource: string | undefined, installPath: string): SkillPlatform {
  const said = skillSource?.trim().toLowerCase();
  if (said === 'clawhub' || said === 'cursor') return said;
  const path = installPath.replaceAll('\\', '/');
  if (path.includes('.clawhub/')) return 'clawhub';
  if (path.includes('.cursor/skills/')) return 'cursor';
  return 'unknown';
}

export function attributionHeaders(input: {
  readonly skillSource: string | undefined;
  readonly installPath: string;
  readonly version: string;
}): Readonly<Record<string, string>> {
  return {
    'X-Skill-Source': 'batch-video',
    'X-Skill-Version': input.version,
    'X-Skill-Platform': skillPlatform(input.skillSource, input.installPath),
  };
}
