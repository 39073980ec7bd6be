/** The words as a bash script. Where nothing is known about a word, bash completes paths as it always does. Pure. */
import type { Flag, WordTree } from './word-tree.ts';

export function toBashScript(tree: WordTree): string {
  const name = `_${tree.program.replaceAll('-', '_')}`;
  const valued = tree.flags.filter((flag) => flag.value !== null).flatMap((flag) => flag.names);
  return `# Completion of ${tree.program} for bash: source <(${tree.program} completion bash)
${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${valued.join(' | ')}) ((at++)) ;;
      # By name: bash takes an address apart at its colons.
      ${tree.words.map((word) => word.name).join(' | ')}) command=\${COMP_WORDS[at]}; break ;;
    esac
  done
  case "$command $before" in
${tree.flags.flatMap((flag) => toValueCase('', flag)).join('')}${tree.words.flatMap((word) => word.flags.flatMap((flag) => toValueCase(word.name, flag))).join('')}  esac
  case $command in
    '') COMPREPLY=($(compgen -W '${words([...tree.words.map((word) => word.name), ...namesOf(tree.flags)])}' -- "$word")) ;;
${tree.words.map((word) => toCommandCase(word.name, [...word.choices, ...namesOf(word.flags)], word.choices.length > 0)).join('')}  esac
}
complete -o bashdefault -o default -F ${name} ${tree.program}
`;
}

const words = (list: readonly string[]): string => list.join(' ');
const namesOf = (flags: readonly Flag[]): string[] => flags.flatMap((flag) => flag.names);

/** After an option that wants a value: its choices, or nothing, which leaves it to bash's paths. */
function toValueCase(command: string, { names, value }: Flag): string[] {
  if (value === null) return [];
  const patterns = names.map((name) => `'${command} ${name}'`).join(' | ');
  const reply = value.choices.length === 0 ? '' : ` COMPREPLY=($(compgen -W '${words(value.choices)}' -- "$word"));`;
  return [`    ${patterns})${reply} return ;;\n`];
}

/** Flags only where one is begun, so that paths come by themselves. */
function toCommandCase(command: string, list: readonly string[], hasChoices: boolean): string {
  const reply = `COMPREPLY=($(compgen -W '${words(list)}' -- "$word"))`;
  return `    ${command}) ${hasChoices ? reply : `[[ $word == -* ]] && ${reply}`} ;;\n`;
}
