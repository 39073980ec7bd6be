/** A finding as a line for people; `--json` has the finding itself. */
import type { Finding } from './finding.ts';

export const toLine = ({ check, verdict, detail, advice }: Finding): string =>
  `${verdict.padEnd(4)}  ${check.padEnd(8)}  ${detail}${advice === null ? '' : ` → ${advice}`}`;
