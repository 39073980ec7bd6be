/** One run of the command: parse, do, and turn whatever went wrong into a sentence and an exit code. */
import { print, type CliContext } from './context.ts';
import { createProgram } from './program.ts';
import { toComplaint } from './to-complaint.ts';

/** `args` without the program itself. */
export async function runCli(context: CliContext, args: readonly string[]): Promise<number> {
  const program = createProgram(context);
  try {
    await program.command.parseAsync([...args], { from: 'user' });
    return program.exitCode();
  } catch (error) {
    const { exitCode, code, sentences } = toComplaint(error);
    if (args.includes('--json') && sentences.length > 0) {
      print(context.stderr, JSON.stringify({ type: 'error', code, problems: sentences }));
    } else {
      for (const sentence of sentences) print(context.stderr, sentence);
    }
    return exitCode;
  }
}
