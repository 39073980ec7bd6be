/** The command line: its commands, options and texts. What they do is in commands/. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { batchStatuses, type BatchStatus } from '../shared/domain/batch.ts';
import { fileStatuses, type FileStatus } from '../shared/domain/file-state.ts';
import { version } from '../shared/version.ts';
import { cancelCommand, creditsCommand, listCommand, retryCommand, showCommand } from './commands/batches.ts';
import { completionScript, shells, type Shell } from './commands/completion.ts';
import { doctorCommand } from './commands/doctor.ts';
import { runCommand } from './commands/run.ts';
import { sayCommand } from './commands/say.ts';
import { runEntry } from './commands/serve.ts';
import { watchCommand } from './commands/watch.ts';
import type { CliContext, ServiceContext } from './context.ts';
import { toSayTarget } from './say-target.ts';
import { withService } from './with-service.ts';

export interface Program {
  readonly command: Command;
  /** Set by the command that ran. */
  exitCode(): number;
}

const defaultUrl = 'http://127.0.0.1:3000';

export function createProgram(context: CliContext): Program {
  let exitCode = 0;
  const command = new Command('batch-video')
    .description('Edits many videos at once: say what to do, get finished MP4s.')
    .version(version)
    .addOption(
      new Option('--url <address>', 'where the service is').env('BATCH_VIDEO_URL').default(defaultUrl).argParser(toUrl),
    )
    .addOption(new Option('--key <key>', 'key of the service').env('BATCH_VIDEO_KEY'))
    .showHelpAfterError('(see batch-video --help)')
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    })
    .exitOverride();
  const ask = async (work: (service: ServiceContext) => Promise<number>): Promise<void> => {
    exitCode = await withService(context, command.opts<{ url: string; key?: string }>(), work);
  };
  addRun(command, ask);
  addQuestions(command, ask);
  addOrders(command, ask);
  addEntries(command, async (entry, args) => {
    exitCode = await runEntry(entry, args);
  });
  command
    .command('doctor')
    .description('check what a service here would need (settings: environment), and say what to do')
    .addOption(jsonOption())
    .action(async (flags: { json?: true }) => {
      exitCode = await doctorCommand(context, switches(flags));
    });
  command
    .command('completion')
    .description('a script that teaches your shell this command')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', completionHelp)
    .action((shell: Shell) => void context.stdout.write(completionScript(command, shell)));
  command.addHelpText('after', helpText);
  return { command, exitCode: () => exitCode };
}

type Ask = (work: (service: ServiceContext) => Promise<number>) => Promise<void>;

const jsonOption = (): Option => new Option('--json', 'JSON for programs, one object a line');
const overwriteOption = (): Option => new Option('--overwrite', 'replace files of the same name');
const more = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** A switch that is absent is off; commander would show a default of its own in every help text. */
const switches = (flags: { json?: true; overwrite?: true }) => ({
  json: flags.json === true,
  overwrite: flags.overwrite === true,
});

interface RunFlags {
  readonly instruction?: readonly string[];
  readonly asset?: readonly string[];
  readonly out: string;
  readonly json?: true;
  readonly overwrite?: true;
  readonly name?: string;
  readonly maxSessions?: number;
  readonly order?: 'as_given' | 'longest_first';
}

function addRun(command: Command, ask: Ask): void {
  command
    .command('run')
    .description('edit videos: send them, follow the work, save the results')
    .argument('<files...>', 'videos, folders of videos, or URLs')
    .option('-i, --instruction <text>', 'what to do, in order; repeatable', more)
    .option('--asset <file or URL>', 'a logo, a song, …; repeatable', more)
    .option('--out <folder>', 'where the results go', 'output')
    .option('--name <text>', 'name of the batch')
    .option('--max-sessions <n>', 'edit in so many projects, one file after the other in each (cheaper)', toCount)
    .addOption(new Option('--order <how>', 'which files go first').choices(['as_given', 'longest_first']))
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action((inputs: string[], { instruction = [], asset = [], ...flags }: RunFlags) =>
      ask((service) =>
        runCommand(service, { inputs, instructions: instruction, assets: asset, ...flags, ...switches(flags) }),
      ),
    );
}

function addQuestions(command: Command, ask: Ask): void {
  command
    .command('list')
    .description('batches, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(batchStatuses))
    .option('--limit <n>', 'how many', toCount, 20)
    .addOption(jsonOption())
    .action((flags: { status?: BatchStatus; limit: number; json?: true }) =>
      ask((service) => listCommand(service, { ...flags, ...switches(flags) })),
    );
  command
    .command('show')
    .description('one batch and its files')
    .argument('<batch>')
    .addOption(new Option('--status <status>', 'only these files').choices(fileStatuses))
    .addOption(jsonOption())
    .action((batchId: string, flags: { status?: FileStatus; json?: true }) =>
      ask((service) => showCommand(service, { batchId, ...flags, ...switches(flags) })),
    );
  command
    .command('watch')
    .description('follow a batch to its end')
    .argument('<batch>')
    .option('--out <folder>', 'save the results there')
    .addOption(overwriteOption())
    .addOption(jsonOption())
    .action((batchId: string, flags: { out?: string; overwrite?: true; json?: true }) =>
      ask((service) => watchCommand(service, { batchId, ...flags, ...switches(flags) })),
    );
  command
    .command('credits')
    .description('what the account has left')
    .addOption(jsonOption())
    .action((flags: { json?: true }) => ask((service) => creditsCommand(service, switches(flags))));
}

function addOrders(command: Command, ask: Ask): void {
  command
    .command('cancel')
    .description('stop a batch; what is done stays done')
    .argument('<batch>')
    .addOption(jsonOption())
    .action((batchId: string, flags: { json?: true }) =>
      ask((service) => cancelCommand(service, { batchId, ...flags, ...switches(flags) })),
    );
  command
    .command('retry')
    .description('try failed files again, all or these')
    .argument('<batch>')
    .argument('[files...]', 'names or ids')
    .addOption(jsonOption())
    .action((batchId: string, files: string[], flags: { json?: true }) =>
      ask((service) => retryCommand(service, { batchId, files, ...flags, ...switches(flags) })),
    );
  command
    .command('say')
    .description('change a finished file some more, or ask about it')
    .usage('[options] [batch] <file> <text>')
    .argument('<words...>', 'the file (its id, or its name after its batch) and what to do')
    .option('--asset <file or URL>', 'a logo, a song, …; repeatable', more)
    .option('--out <folder>', 'save the new result there')
    .addOption(jsonOption())
    .action((words: string[], { asset = [], ...flags }: { asset?: readonly string[]; out?: string; json?: true }) =>
      ask((service) => sayCommand(service, { ...toSayTarget(words), assets: asset, ...flags, ...switches(flags) })),
    );
}

function addEntries(command: Command, start: (entry: 'serve' | 'sandbox', args: string[]) => Promise<void>): void {
  command
    .command('serve')
    .description('start the service here (settings: environment, see the README)')
    .action(() => start('serve', []));
  command
    .command('sandbox')
    .description('start a local stand-in of the editor, to try things without an account')
    .argument('[args...]', 'see batch-video sandbox -- --help')
    .allowUnknownOption()
    .action((args: string[]) => start('sandbox', args));
}

function toCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It must be a whole number from 1 up.');
  return count;
}

function toUrl(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('It must start with http://');
  return text;
}

const completionHelp = `
bash  in ~/.bashrc                   source <(batch-video completion bash)
zsh   in ~/.zshrc, after compinit    source <(batch-video completion zsh)
fish  in its config.fish             batch-video completion fish | source`;

const helpText = `
Examples:
  batch-video run clips/ -i "trim the first 3 seconds" -i "add a logo watermark" --asset logo.png
  batch-video run a.mp4 b.mov https://example.com/c.mp4 -i "make it vertical, 9:16" --out vertical
  batch-video say <file> "make the logo smaller"

Exit codes: 0 all done, 1 some files failed, 2 wrong use, 3 the service cannot be reached.`;
