/** CPU and memory of a process, from the kernel's own books (Linux). */
import { readFile } from 'node:fs/promises';

/** USER_HZ: fixed at 100 for what the kernel tells user space on every platform that Node supports. */
const msATick = 10;

/** User and system time since its start. */
export async function cpuMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msATick;
}

export async function rssBytes(pid: number): Promise<number> {
  return statusKb(pid, 'VmRSS');
}

/** The most it ever had. */
export async function peakRssBytes(pid: number): Promise<number> {
  return statusKb(pid, 'VmHWM');
}

async function statusKb(pid: number, name: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? NaN) * 1024;
}
