/**
 * What happened in each minute, for the dashboard: counted by the scripts that save it, so a figure cannot disagree with
 * the records. One small hash a minute, kept for 25 hours; nothing decides by them.
 */
import { z } from 'zod';
import type { Context } from './context.ts';
import type { FileEvent } from './domain/events.ts';
import { isFinal } from './domain/batch.ts';
import type { FileRecord } from './domain/file.ts';

export const figureNames = [
  'done',
  'failed',
  'canceled',
  'turns',
  'renders',
  'paid',
  'limited',
  'hooks',
  'hook_failures',
] as const;
export type FigureName = (typeof figureNames)[number];
export type Figures = Readonly<Record<FigureName, number>>;

const minuteMs = 60_000;

/** What a save of a file counts. `limited` and `hooks` are counted by the scripts that know of them. */
export function figuresOf(before: FileRecord, after: FileRecord, event: FileEvent | null): FigureName[] {
  const figures: FigureName[] = [];
  const { status } = after.state;
  if (isFinal(status) && !isFinal(before.state.status)) {
    if (status === 'completed') figures.push('done');
    if (status === 'failed') figures.push('failed');
    if (status === 'canceled') figures.push('canceled');
  }
  if (event?.type === 'turn-sent') figures.push('turns');
  if (event?.type === 'rendered') figures.push('renders');
  if (after.paidSessions > before.paidSessions) figures.push('paid');
  return figures;
}

const rowsSchema = z.array(z.string().nullable());

/** The figures of `count` minutes, oldest first, the present one last. `tenant` null: of all. */
export async function readMinutes(
  ctx: Context,
  { tenant, count, now }: { readonly tenant: string | null; readonly count: number; readonly now: number },
): Promise<Figures[]> {
  const present = Math.floor(now / minuteMs);
  const fields = figureNames.map((name) => (tenant === null ? name : `${tenant}:${name}`));
  const pipeline = ctx.redis.pipeline();
  for (let minute = present - count + 1; minute <= present; minute += 1) {
    pipeline.hmget(ctx.keys.minute(String(minute)), ...fields);
  }
  return ((await pipeline.exec()) ?? []).map(([error, values]) => {
    if (error !== null) throw error;
    const row = rowsSchema.parse(values);
    return Object.fromEntries(figureNames.map((name, at) => [name, Number(row[at] ?? 0)])) as Record<
      FigureName,
      number
    >;
  });
}

export const sumOf = (minutes: readonly Figures[]): Figures =>
  Object.fromEntries(
    figureNames.map((name) => [name, minutes.reduce((sum, minute) => sum + minute[name], 0)]),
  ) as Record<FigureName, number>;
