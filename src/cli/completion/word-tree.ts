/** What can be typed after what, read out of commander's own commands and options. Pure. */
import type { Command, Option } from 'commander';

export interface Flag {
  /** `--json`, or `-i` and `--instruction`. */
  readonly names: readonly string[];
  readonly help: string;
  /** Null: it stands alone. Else what follows: one of `choices`, or a path where there are none. */
  readonly value: { readonly choices: readonly string[] } | null;
}

export interface Word {
  readonly name: string;
  readonly help: string;
  readonly flags: readonly Flag[];
  /** Of its first argument, where that has some. */
  readonly choices: readonly string[];
}

export interface WordTree {
  readonly program: string;
  readonly flags: readonly Flag[];
  readonly words: readonly Word[];
}

export function toWordTree(program: Command): WordTree {
  const help = program.createHelp();
  const flagsOf = (command: Command): Flag[] => help.visibleOptions(command).map(toFlag);
  return {
    program: program.name(),
    flags: flagsOf(program),
    words: help.visibleCommands(program).map((command) => ({
      name: command.name(),
      help: command.description(),
      flags: flagsOf(command),
      choices:
        // The command that explains the others.
        command.name() === 'help'
          ? program.commands.map((one) => one.name())
          : (command.registeredArguments[0]?.argChoices ?? []),
    })),
  };
}

function toFlag(option: Option): Flag {
  return {
    names: [option.short, option.long].filter((name) => name != null),
    help: option.description,
    value: option.required || option.optional ? { choices: option.argChoices ?? [] } : null,
  };
}
