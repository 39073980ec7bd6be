/** The doctor without the command `batch-video`: the image has no more. `node src/doctor/main.ts` */
import process from 'node:process';
import { readEnvironment } from '../shared/config/read-environment.ts';
import { runDoctor } from './run-doctor.ts';
import { toLine } from './to-line.ts';

const findings = await runDoctor({ environment: readEnvironment(), directory: process.cwd() });
process.stdout.write(findings.map((finding) => `${toLine(finding)}\n`).join(''));
process.exitCode = findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
