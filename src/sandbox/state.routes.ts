/** `GET …/latest`: the session's draft and media. Remembers which drafts it has shown. */
import type { FastifyInstance } from 'fastify';
import type { Call } from './call.ts';
import type { Sandbox } from './context.ts';
import { takeFault } from './faults.ts';
import { parseExact, toFingerprint, toJsonText } from './json-text.ts';
import { sessionOf } from './sessions.ts';
import { toMediaReply } from './media.ts';
import type { Session } from './store.ts';
import { canvasOf } from './canvas.ts';

/** Enough for any caller that keeps a draft and renders it later, bounded for long sessions. */
const MAX_SERVED = 500;

export function addStateRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.get<{ Params: { sid: string } }>(
    '/api/state/nemo_agent/me/:sid/latest',
    { config: { endpoint: 'state' } },
    async (request, reply) => {
      const { call } = request;
      if (call === null) return undefined;
      const session = sessionOf(sandbox, call, request.params.sid);
      await sandbox.clock.sleep(sandbox.random.between(50, 200));
      return reply.type('application/json').send(toStateText(sandbox, call, session));
    },
  );
}

function toStateText(sandbox: Sandbox, call: Call, session: Session): string {
  const draft = bendDraft(sandbox, call, session.draft);
  remember(session, draft);
  const state = {
    ...(draft === undefined ? {} : { draft }),
    video_infos: session.media.map((media) => toMediaReply(sandbox, media)),
    generated_media: session.generated,
    ...(session.draft === null ? {} : { canvas_config: { ...canvasOf(session.draft, session.media), fps: 30 } }),
  };
  const ids = { session_id: session.id, task_id: session.taskId };
  switch (sandbox.settings.stateShape) {
    case 'nested':
      return toJsonText({ code: 0, data: { ...ids, state } });
    case 'data':
      return toJsonText({ code: 0, data: { ...ids, ...state } });
    case 'top':
      return toJsonText({ ...ids, ...state });
    default:
      return sandbox.settings.stateShape satisfies never;
  }
}

function remember(session: Session, draft: unknown): void {
  if (draft === undefined || draft === null) return;
  session.served.add(toFingerprint(parseExact(toJsonText(draft))));
  const [oldest] = session.served;
  if (session.served.size > MAX_SERVED && oldest !== undefined) session.served.delete(oldest);
}

/** The draft as the faults of this read show it; undefined: no such key. */
function bendDraft(sandbox: Sandbox, call: Call, draft: Session['draft']): unknown {
  const take = (name: Parameters<typeof takeFault>[2]): boolean => takeFault(sandbox.faults, call, name) !== null;
  if (take('draft-missing')) return undefined;
  if (take('draft-null')) return null;
  if (take('draft-empty')) return {};
  if (draft === null) return null;
  if (take('tracks-empty')) return { ...draft, t: [], d: 0 };
  if (take('segments-empty')) return { ...draft, t: draft.t.map((track) => ({ ...track, sg: [] })) };
  if (!take('duration-string')) return draft;
  const sg = (track: (typeof draft.t)[number]) => track.sg.map((segment) => ({ ...segment, d: String(segment.d) }));
  return { ...draft, d: String(draft.d), t: draft.t.map((track) => ({ ...track, sg: sg(track) })) };
}
