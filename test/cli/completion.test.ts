/** Completion in a real shell on a real terminal: what a person gets who presses Tab. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runAs } from './terminal.ts';

const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

async function openFolder(t: TestContext, shell: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bv-completion-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { exitCode, out } = await runAs(['completion', shell]);
  assert.equal(exitCode, 0);
  await writeFile(join(folder, `completion.${shell}`), out);
  await writeFile(join(folder, 'holiday.mp4'), '');
  return folder;
}

/** Types these lines, `⇥` for Tab, and gives the arguments that the command got for each. */
async function typeInBash(folder: string, lines: readonly string[]): Promise<string[]> {
  const child = spawn('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TERM: 'dumb', INPUTRC: '/dev/null', HISTFILE: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
  const printed = String.raw`batch-video() { printf '\n[%s' "G""OT" "$@"; printf ']\n'; }`;
  child.stdin.write(['source completion.bash', printed, ...lines, 'exit', ''].join('\n').replaceAll('⇥', '\t'));
  await new Promise((resolve) => child.once('close', resolve));
  return [...shown.matchAll(/\[GOT([^\]]*)\]/g)].map(([, words = '']) => words.replaceAll(/\r?\n\[/g, ' ').trim());
}

test('bash completes commands, options, their choices and paths', async (t) => {
  if (!has('script', '--version') || !has('bash', '--version')) return t.skip('there is no bash on a terminal here');
  const folder = await openFolder(t, 'bash');
  const lines = [
    'batch-video wat⇥',
    'batch-video --url http://127.0.0.1:3000 canc⇥bat_1',
    'batch-video run --instr⇥mute hol⇥',
    'batch-video list --status proc⇥',
    'batch-video show --status rend⇥',
    'batch-video completion f⇥',
  ];
  assert.deepEqual(await typeInBash(folder, lines), [
    'watch',
    '--url http://127.0.0.1:3000 cancel bat_1',
    'run --instruction mute holiday.mp4',
    'list --status processing',
    'show --status rendering',
    'completion fish',
  ]);
});

test('zsh and fish take their scripts', async (t) => {
  const missing = ['zsh', 'fish'].filter((shell) => !has(shell, '--version'));
  for (const shell of ['zsh', 'fish'].filter((one) => !missing.includes(one))) {
    const path = join(await openFolder(t, shell), `completion.${shell}`);
    assert.deepEqual(spawnSync(shell, ['-n', path], { encoding: 'utf8' }).stderr, '');
  }
  if (missing.includes('fish')) return t.skip(`not tried, as they are not here: ${missing.join(', ')}`);
  const folder = await openFolder(t, 'fish');
  const command = `source ${join(folder, 'completion.fish')}; complete -C 'batch-video list --status proc'`;
  assert.match(spawnSync('fish', ['-c', command], { encoding: 'utf8' }).stdout, /^processing/);
});

test('refuses a shell that it does not know', async () => {
  assert.equal((await runAs(['completion', 'csh'])).exitCode, 2);
});
