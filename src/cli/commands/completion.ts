/** `completion`: the script that teaches a shell this command. Made of the commands themselves, so it is never behind. */
import type { Command } from 'commander';
import { toBashScript } from '../completion/bash-script.ts';
import { toFishScript } from '../completion/fish-script.ts';
import { toWordTree, type WordTree } from '../completion/word-tree.ts';
import { toZshScript } from '../completion/zsh-script.ts';

const scripts = {
  bash: toBashScript,
  zsh: toZshScript,
  fish: toFishScript,
} satisfies Record<string, (tree: WordTree) => string>;
export type Shell = keyof typeof scripts;
export const shells = Object.keys(scripts);

export const completionScript = (program: Command, shell: Shell): string => scripts[shell](toWordTree(program));
