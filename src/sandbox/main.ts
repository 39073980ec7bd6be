#!/usr/bin/env node
/** The command: reads the flags, opens the sandbox, says where it listens, closes it on SIGTERM or SIGINT. */
import { once } from 'node:events';
import process from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { commandLine } from './config.ts';
import { openSandbox } from './sandbox.ts';
import type { SandboxOptions } from './settings.ts';

interface Flags {
  readonly port: number;
  readonly host: string;
  readonly data?: string;
  readonly timeScale: number;
  readonly instant?: true;
  readonly dialect: 'A' | 'B' | 'C';
  readonly renderShape: 'T' | 'L' | 'mixed';
  readonly stateShape: 'nested' | 'data' | 'top';
  readonly codeIn: 'body' | 'status' | 'both';
  readonly silentRate: number;
  readonly generation?: true;
  readonly copy?: true;
  readonly credits: number;
  readonly token: readonly { token: string; credits: number }[];
  readonly attribution: boolean;
  readonly sessionIdAs: 'string' | 'number';
  readonly weeklyQuota?: true;
  readonly duplicateRender: 'existing' | 'error';
  readonly maxFileBytes?: number;
  readonly maxOpenTurns?: number;
  readonly maxCallsPerSecond?: number;
  readonly sessionIdleMs?: number;
  readonly seed: number;
  readonly logLevel: string;
}

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('must be a number from 0 up');
  return value;
}

function toToken(text: string, before: Flags['token']): Flags['token'] {
  const [token = '', credits = '25000'] = text.split(':');
  return [...before, { token, credits: toNumber(credits) }];
}

const choice = (flags: string, what: string, choices: readonly string[], byDefault: string): Option =>
  new Option(flags, what).choices(choices).default(byDefault);

const command = new Command('sandbox')
  .description('A local NemoVideo: speaks its API, really edits video with ffmpeg, and can be told to misbehave.')
  .option('--port <n>', 'port to listen on; 0 takes any free one', toNumber, 4010)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--data <dir>', 'where media and outputs lie (default: a temporary folder, deleted at the end)')
  .option('--time-scale <n>', 'divides every latency: 20 makes a 20 s turn last 1 s; 0 is instant', toNumber, 1)
  .option('--instant', 'no latencies at all (the same as --time-scale 0)')
  .addOption(choice('--dialect <x>', 'event stream of a turn', ['A', 'B', 'C'], 'B'))
  .addOption(choice('--render-shape <x>', 'shape of poll replies', ['T', 'L', 'mixed'], 'T'))
  .addOption(
    choice('--state-shape <x>', 'where draft and media lie in a state reply', ['nested', 'data', 'top'], 'nested'),
  )
  .addOption(choice('--code-in <x>', 'where 1001, 1002, 2001, 4001, 4002 show', ['body', 'status', 'both'], 'body'))
  .option('--silent-rate <n>', 'share of edits that are answered without text, 0 to 1', toNumber, 0)
  .option('--generation', 'generate test clips on request, for 100 credits each')
  .option('--copy', 'renders give the source back instead of encoding; needs no ffmpeg (for load tests)')
  .option('--credits <n>', 'credits of a new anonymous token', toNumber, 100)
  .option('--token <token[:credits]>', 'a registered token, 25000 credits by default; repeatable', toToken, [])
  .option('--no-attribution', 'do not insist on the X-Skill-* headers at export')
  .addOption(
    choice('--session-id-as <x>', 'session_id as JSON string or bare 19-digit number', ['string', 'number'], 'string'),
  )
  .option('--weekly-quota', 'one anonymous token a client id in 7 days, then 429')
  .addOption(choice('--duplicate-render <x>', 'what a render id sent twice gets', ['existing', 'error'], 'existing'))
  .option('--max-file-bytes <n>', 'largest upload (default 524288000)', toNumber)
  .option('--max-open-turns <n>', '429 beyond so many turns at once', toNumber)
  .option('--max-calls-per-second <n>', '429 beyond so many calls in a second', toNumber)
  .option('--session-idle-ms <n>', 'sessions untouched for so long answer 1002', toNumber)
  .option('--seed <n>', 'seed of everything random', toNumber, 1)
  .option('--log-level <level>', 'pino level, to stdout', 'warn')
  .addHelpText(
    'after',
    `
Environment: FFMPEG_PATH (an ffmpeg to use), SANDBOX_FONT (a font for titles), SANDBOX_LOG_LEVEL.

Admin, from loopback only, without a token:
  POST /admin/faults {name, times?, forMs?, skip?, rate?, match?, params?}   inject a fault
  GET /admin/faults      what is active, every known fault with its parameters
  DELETE /admin/faults   end all faults and the scenario
  POST /admin/scenario {seed, rate, names?, harsh?}   a seeded random mix of faults
  GET|POST /admin/config            settings, changed while it runs
  POST /admin/tokens {token, credits}         a registered token
  POST /admin/tokens/expire {token?}          one token, or all
  POST /admin/sessions/:id/forget             answers 1002 from now on
  POST /admin/credits {token? | all, available}
  GET /admin/ledger?since=<epoch ms>          what was received, applied and charged
  GET /admin/ledger/summary                   figures alone
  DELETE /admin/ledger

Faults and the instructions it understands: src/sandbox/README.md`,
  );

function toOptions(flags: Flags): SandboxOptions {
  const { data, instant, token, attribution, timeScale, ...rest } = flags;
  return {
    ...rest,
    timeScale: instant === true ? 0 : timeScale,
    dataDir: data ?? null,
    tokens: [...token],
    requireAttribution: attribution,
  };
}

async function run(): Promise<void> {
  command.parse([...commandLine]);
  const sandbox = await openSandbox(toOptions(command.opts<Flags>()));
  process.stdout.write(`sandbox listening on ${sandbox.url}\n`);
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await sandbox.close();
}

try {
  await run();
} catch (error) {
  // The one place that ends the process: what went wrong is said in a sentence, without a stack.
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
