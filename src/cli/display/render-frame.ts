/** The picture of a running batch as lines of text. Pure: state and size of the terminal in, lines out. */
import { batchProgress, filesInOrder, isOver, type BatchView, type FileView } from '../batch-view.ts';
import { countOf, describeBatch, durationWords } from '../words.ts';
import { cut, fit, widthOf } from './fit.ts';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
  readonly hasColors: boolean;
}

/** Lines of the picture that are no file: the batch, its bar, a blank line, the summary, the cursor's own line. */
const framingRows = 5;
const maxNameColumns = 28;
const maxBarColumns = 24;

export function renderFrame(view: BatchView, size: FrameSize): string[] {
  const files = filesInOrder(view);
  const room = Math.max(1, size.rows - framingRows);
  const shown = chooseFiles(files, room);
  const rest = summarize(files, shown);
  return [
    ...renderBatch(view, size),
    '',
    ...shown.map((file) => renderFile(file, nameColumns(shown, size.columns), size)),
    ...(rest === null ? [] : [cut(rest, size.columns)]),
  ];
}

/** All, if they fit; else those that move, the failed ones after them, in the order given. */
function chooseFiles(files: readonly FileView[], room: number): FileView[] {
  if (files.length <= room) return [...files];
  const moving = files.filter((file) => !isOver(file) && file.status !== 'queued');
  const failed = files.filter((file) => file.status === 'failed');
  return [...moving, ...failed].slice(0, room).sort((a, b) => a.index - b.index);
}

function summarize(files: readonly FileView[], shown: readonly FileView[]): string | null {
  if (files.length === shown.length) return null;
  const hidden = new Set(files);
  for (const file of shown) hidden.delete(file);
  const groups = { waiting: 0, 'at work': 0, done: 0, failed: 0, canceled: 0 };
  for (const file of hidden) groups[groupOf(file)] += 1;
  const parts = Object.entries(groups).filter(([, count]) => count > 0);
  return `… and ${countOf(hidden.size, 'more file')}: ${parts.map(([name, count]) => `${count} ${name}`).join(', ')}`;
}

function groupOf(file: FileView): 'waiting' | 'at work' | 'done' | 'failed' | 'canceled' {
  if (file.status === 'queued') return 'waiting';
  if (file.status === 'completed') return 'done';
  return file.status === 'failed' || file.status === 'canceled' ? file.status : 'at work';
}

function renderBatch(view: BatchView, size: FrameSize): string[] {
  const { batch } = view;
  if (batch === null) return [cut('Starting…', size.columns)];
  const { counts, eta } = batch;
  const parts = [
    describeBatch(batch),
    `${counts.completed} of ${counts.total} done`,
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(eta === null || isOver(batch) ? [] : [`about ${durationWords(eta.seconds * 1000)} left`]),
    ...(view.isConnected ? [] : ['connection lost, trying again']),
  ];
  const percent = isOver(batch) ? 100 : batchProgress(view);
  const barColumns = Math.max(1, Math.min(60, size.columns - 8));
  const bar = `${renderBar(percent, barColumns, colorOf(batch.status, size))} ${percentText(percent)}`;
  const title = batch.name === null ? '' : `${batch.name}: `;
  return [cut(`${title}${parts.join(' · ')}`, size.columns), bar];
}

function renderFile(file: FileView, columns: number, size: FrameSize): string {
  const barColumns = Math.min(maxBarColumns, Math.max(0, size.columns - columns - 30));
  const head = `${fit(file.name, columns)} `;
  const bar = barColumns < 5 ? '' : `${renderBar(file.progress, barColumns, colorOf(file.status, size))} `;
  const used = columns + 1 + (bar === '' ? 0 : barColumns + 1) + 6;
  return `${head}${bar}${percentText(file.progress)}  ${cut(wordsOf(file), size.columns - used)}`;
}

const wordsOf = ({ words, note }: FileView): string => (note === null ? words : `${words} · ${note}`);

function nameColumns(files: readonly FileView[], columns: number): number {
  // Beside the name at least its percentage has room.
  return Math.min(maxNameColumns, Math.max(1, columns - 8), Math.max(0, ...files.map((file) => widthOf(file.name))));
}

const percentText = (percent: number): string => `${Math.floor(percent)}%`.padStart(4);

function renderBar(percent: number, columns: number, color: number | null): string {
  const filled = Math.min(columns, Math.max(0, Math.round((percent / 100) * columns)));
  const bar = '█'.repeat(filled);
  return (color === null || filled === 0 ? bar : `\u001B[${color}m${bar}\u001B[0m`) + '░'.repeat(columns - filled);
}

/** ANSI colours: green for what is done, red for what failed, yellow for what was canceled or waits, cyan else. */
function colorOf(status: string, size: FrameSize): number | null {
  if (!size.hasColors) return null;
  if (status === 'completed') return 32;
  if (status === 'failed') return 31;
  return status === 'canceled' || status === 'parked' || status === 'blocked' ? 33 : 36;
}
