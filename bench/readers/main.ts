/**
 * Reads one event stream many times over and tells how late each event was: the id of an event begins with Redis' time at
 * the change, which is this machine's. Prints "reading", and at the end of stdin's batch (an end status) a JSON of ms.
 */
import { connect } from 'node:net';
import { argv } from 'node:process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  args: argv.slice(2),
  options: { url: { type: 'string', default: '' }, readers: { type: 'string', default: '1000' } },
});
const url = new URL(values.url);
const readers = Number(values.readers);
const late: number[] = [];
let began = 0;
let ended = 0;

const now = (): number => performance.timeOrigin + performance.now();

function take(line: string, state: { event: string; begun: boolean }): void {
  if (line.startsWith('event: ')) state.event = line.slice(7);
  if (line.startsWith('event: snapshot') && !state.begun) {
    state.begun = true;
    began += 1;
    if (began === readers) console.log('listening');
  }
  if (line.startsWith('id: ') && state.begun) late.push(now() - Number(line.slice(4).split('-')[0]));
  if (line.startsWith('data: ') && state.event === 'batch' && line.includes('"status":"completed"')) {
    ended += 1;
    if (ended === readers) finish();
  }
}

function finish(): void {
  // Of each reader the first one is the snapshot's, which is as old as the batch.
  const sorted = late.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;
  console.log(JSON.stringify({ events: late.length, p50: at(0.5), p99: at(0.99), max: at(1) }));
  process.exit(0);
}

for (let at = 0; at < readers; at += 1) {
  const socket = connect(Number(url.port), url.hostname);
  const state = { event: '', begun: false };
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line, state);
  });
  socket.write(`GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\naccept: text/event-stream\r\n\r\n`);
}
