/** The words as a fish script, each with its help beside it. Pure. */
import type { Flag, WordTree } from './word-tree.ts';

export function toFishScript(tree: WordTree): string {
  const start = `complete -c ${tree.program}`;
  return [
    `# Completion of ${tree.program} for fish: ${tree.program} completion fish | source`,
    ...tree.flags.map((flag) => `${start} -n __fish_use_subcommand ${toFlag(flag)}`),
    ...tree.words.flatMap((word) => {
      const inside = `${start} -n ${quote(`__fish_seen_subcommand_from ${word.name}`)}`;
      const choices = word.choices.length === 0 ? [] : [`${inside} -f -a ${quote(word.choices.join(' '))}`];
      return [
        `${start} -n __fish_use_subcommand -f -a ${word.name} -d ${quote(word.help)}`,
        ...choices,
        ...word.flags.map((flag) => `${inside} ${toFlag(flag)}`),
      ];
    }),
    '',
  ].join('\n');
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function toFlag({ names, help, value }: Flag): string {
  const words = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const choices = value === null || value.choices.length === 0 ? [] : ['-f', '-a', quote(value.choices.join(' '))];
  return [...words, ...(value === null ? [] : ['-r']), ...choices, '-d', quote(help)].join(' ');
}
