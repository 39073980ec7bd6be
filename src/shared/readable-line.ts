/** Turns one JSON log line into one line for people at a terminal. It decides nothing and hides nothing. */

export function toReadableLine(line: string): string {
  const { time, level, msg, pid: _pid, hostname: _hostname, err, ...rest } = fieldsOf(line);
  const fields = Object.entries(rest).map(([name, value]) => ` ${name}=${toText(value)}`);
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n  ${toText(err.stack)}` : '';
  // 11…23 of an ISO time is the clock with milliseconds.
  return `${toText(time).slice(11, 23)} ${toText(level).toUpperCase().padEnd(5)} ${toText(msg)}${fields.join('')}${stack}\n`;
}

function fieldsOf(line: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(line);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : { msg: parsed };
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
