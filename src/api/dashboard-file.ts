/** One file in depth: the resource, its own log, its source, and what it does right now. */
import { isWork } from '../shared/domain/moves.ts';
import { readFileLog } from '../shared/file-log.ts';
import type { StoredBatch } from '../shared/read-batch.ts';
import type { FileView } from '../shared/read-file.ts';
import type { ApiContext } from './api-context.ts';
import type { FileDetail } from './dashboard-wire.ts';
import { toFileWithLink } from './show-files.ts';

export async function toFileDetail(ctx: ApiContext, batch: StoredBatch, view: FileView): Promise<FileDetail> {
  const { file, live } = view;
  const [shown, log] = await Promise.all([toFileWithLink(ctx, batch, view), readFileLog(ctx, file.id)]);
  return {
    file: shown,
    tenant: batch.tenant,
    batchName: batch.spec.name,
    log,
    source: toSource(view, batch),
    // A note outlives the run that wrote it by a moment.
    live: isWork(file.state) ? live : null,
    paidSessions: file.paidSessions,
  };
}

function toSource({ file }: FileView, batch: StoredBatch): FileDetail['source'] {
  const { source } = file.input;
  if (source.kind === 'url') return { kind: 'url', name: withoutQuery(source.url), bytes: null, playUrl: null };
  const playUrl = `/dashboard/api/batches/${batch.id}/files/${file.id}/source`;
  return { kind: source.kind, name: source.name, bytes: source.bytes, playUrl };
}

/** The query of a presigned URL is a secret. */
function withoutQuery(url: string): string {
  if (!URL.canParse(url)) return '';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
