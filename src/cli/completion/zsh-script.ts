/** The words as a zsh script, each with its help beside it. Pure. */
import type { Flag, WordTree } from './word-tree.ts';

export function toZshScript(tree: WordTree): string {
  const name = `_${tree.program.replaceAll('-', '_')}`;
  return `#compdef ${tree.program}
# Completion of ${tree.program} for zsh: source <(${tree.program} completion zsh), after compinit
${name}() {
  local -a commands
  local state line context
  typeset -A opt_args
  commands=(
${tree.words.map((word) => `    ${quote(`${word.name}:${word.help}`)}\n`).join('')}  )
  _arguments -C ${tree.flags.flatMap(toSpecs).join(' ')} '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${tree.words.map((word) => `        ${word.name}) _arguments ${[...word.flags.flatMap(toSpecs), toArgument(word.choices)].join(' ')} ;;\n`).join('')}      esac ;;
  esac
}
compdef ${name} ${tree.program}
`;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const plain = (text: string): string => text.replaceAll(/[[\]:]/g, ' ');

function toSpecs({ names, help, value }: Flag): string[] {
  const after = value === null ? '' : `:value:${toSource(value.choices)}`;
  return names.map((name) => quote(`*${name}[${plain(help)}]${after}`));
}

const toArgument = (choices: readonly string[]): string => quote(`*: :${toSource(choices)}`);
const toSource = (choices: readonly string[]): string => (choices.length === 0 ? '_files' : `(${choices.join(' ')})`);
