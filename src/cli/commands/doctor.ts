/** `doctor`: looks at what a service here would need, by the same environment, and says what to do. */
import { cwd } from 'node:process';
import { print, type CliContext, type ExitCode, exitCodes } from '../context.ts';

export async function doctorCommand(context: CliContext, { json }: { readonly json: boolean }): Promise<ExitCode> {
  // Loaded where it is asked for: the other commands need none of the service.
  const { runDoctor } = await import('../../doctor/run-doctor.ts');
  const { toLine } = await import('../../doctor/to-line.ts');
  const { readEnvironment } = await import('../../shared/config/read-environment.ts');
  const { findFfmpeg } = await import('../../sandbox/ffmpeg.ts');
  const findings = await runDoctor({
    environment: readEnvironment(),
    directory: cwd(),
    findFfmpeg: () => findFfmpeg().ffmpegPath,
  });
  for (const finding of findings) print(context.stdout, json ? JSON.stringify(finding) : toLine(finding));
  return findings.some(({ verdict }) => verdict === 'fail') ? exitCodes.someFailed : exitCodes.allDone;
}
