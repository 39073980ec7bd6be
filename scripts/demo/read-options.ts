/** The demo's command line. */
import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../../src/cli/context.ts';

export interface DemoOptions {
  /** The person's own clips; empty: clips are made. */
  readonly inputs: readonly string[];
  readonly instructions: readonly string[];
  readonly assets: readonly string[];
  readonly files: number;
  /** Null: 5, 8, 11 s and so on. */
  readonly seconds: number | null;
  readonly width: number;
  readonly height: number;
  readonly copy: boolean;
  /** Leave everything running, with the dashboard on the demo's batch. */
  readonly dashboard: boolean;
  readonly out: string;
  /** A service that runs somewhere else; null: the demo starts one, with a sandbox. */
  readonly url: string | null;
  readonly key: string | null;
}

interface Flags {
  readonly instruction?: readonly string[];
  readonly asset?: readonly string[];
  readonly files: number;
  readonly seconds?: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly copy?: true;
  readonly dashboard?: true;
  readonly out: string;
  readonly url?: string;
  readonly key?: string;
}

/** Three seconds are cut off, and something has to be left to look at. */
const minSeconds = 4;
const more = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

export function readDemoOptions(args: readonly string[]): DemoOptions {
  const command = new Command('npm run demo --')
    .description('Edits three generated clips with everything on this machine: no account, no settings, real MP4s.')
    .argument('[clips...]', 'your own clips instead, with -i')
    .option('-i, --instruction <text>', 'what to do, in order; repeatable', more)
    .option('--asset <file>', 'a logo, a song, …; repeatable', more)
    .option('--files <n>', 'how many clips to make', toNumberFrom(1), 3)
    .option('--seconds <s>', 'how long each is (default: 5, 8, 11, …)', toNumberFrom(minSeconds))
    .addOption(
      new Option('--size <WxH>', 'their picture').default({ width: 1280, height: 720 }, '1280x720').argParser(toSize),
    )
    .option('--copy', 'give the sources back instead of encoding them, to try many files quickly')
    .option('--dashboard', 'leave it running at the end, with the dashboard on its batch')
    .option('--out <folder>', 'where the results go', 'output')
    .option('--url <url>', 'a service that runs already, instead of one of its own')
    .addOption(new Option('--key <key>', 'its API key').env('BATCH_VIDEO_KEY'))
    .showHelpAfterError('(see npm run demo -- --help)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : exitCodes.usage));
  command.parse([...args], { from: 'user' });
  const {
    instruction = [],
    asset = [],
    size,
    seconds = null,
    copy,
    dashboard,
    url = null,
    key = null,
    ...flags
  } = command.opts<Flags>();
  return {
    ...flags,
    ...size,
    seconds,
    url,
    key,
    copy: copy === true,
    dashboard: dashboard === true,
    inputs: command.args,
    instructions: instruction,
    assets: asset,
  };
}

const toNumberFrom =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number from ${least} up.`);
    return value;
  };

/** Even numbers, as H.264 takes no others. */
function toSize(text: string): Flags['size'] {
  const [, width = 0, height = 0] = (/^(\d{2,4})x(\d{2,4})$/.exec(text) ?? []).map(Number);
  const isFit = width >= 160 && height >= 90 && width % 2 === 0 && height % 2 === 0;
  if (!isFit) throw new InvalidArgumentError('It must be like 1280x720, in even numbers.');
  return { width, height };
}
