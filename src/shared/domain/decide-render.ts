/**
 * Render and delivery. The id is stored before the request leaves, so a crash cannot orphan a render (seed); each poll
 * is a run of its own, so no worker slot waits for the upstream.
 */
import type { RenderEvent } from './events.ts';
import type { FileRecord } from './file.ts';
import type { Output, Working } from './file-state.ts';
import { fail, freshMotion, keep, plan, renderingFrom, type Active } from './moves.ts';
import type { Policy } from './policy.ts';
import { beginAttempt, endStep, noteStep, stepAt } from './step-history.ts';

type Rendering = Active<Working<'rendering'>>;

/** A failed render is tried under one new id (upstream: "`failed` → a new id, once"). */
const maxRenderFailures = 2;

export function decideRender(file: FileRecord, event: RenderEvent, now: number, policy: Policy): FileRecord {
  const { state } = file;
  if (state.status === 'delivering') return decideDelivery({ ...file, state }, event, now) ?? file;
  if (state.status !== 'rendering') return file;
  return decideRendering({ ...file, state }, event, now, policy) ?? file;
}

/** Null: the event says nothing new. */
function decideRendering(file: Rendering, event: RenderEvent, now: number, policy: Policy): FileRecord | null {
  const { render } = file.state;
  switch (event.type) {
    case 'timeline-empty':
      return render === null ? fail(file, { code: 'nothing_to_render' }, now) : null;
    case 'render-planned':
      return render === null ? planned(file, event.renderId, now) : null;
    case 'render-submitted':
      return render === null ? null : submitted(file, render, now, policy);
    case 'render-going-on':
      return render === null ? null : goingOn(file, render, now, policy);
    case 'render-failed':
      return render === null ? null : failed(file, render, event.detail, now);
    case 'rendered':
      return render?.id === event.output.renderId ? rendered(file, event.output, now) : null;
    case 'delivered':
    case 'delivery-refused':
      return null;
  }
}

type Render = NonNullable<Rendering['state']['render']>;

function planned(file: Rendering, renderId: string, now: number): FileRecord {
  const steps = noteStep({ steps: beginAttempt(file.steps, now, stepAt(file, 'render')) }, { renderId });
  return keep(
    file,
    { ...file.state, wait: null, render: { id: renderId, submitted: false, polls: 0, lookOnce: false } },
    { steps },
  );
}

const pollAgain = (file: Rendering, render: Render, now: number, policy: Policy): FileRecord =>
  plan(file, { ...file.state, ...freshMotion('in', now + policy.renderPollMs), render });

/** Submitted once more, as the upstream did not know its id: that was a poll, or it would go round without an end. */
function submitted(file: Rendering, render: Render, now: number, policy: Policy): FileRecord {
  if (render.submitted && !render.lookOnce) return goingOn(file, render, now, policy);
  return pollAgain(file, { ...render, submitted: true, lookOnce: false }, now, policy);
}

/** The present render is given up; the next run takes a new id. */
const takeNewId = (file: Rendering, now: number, failures: number): FileRecord =>
  plan(file, { ...renderingFrom('in', now), failures });

function goingOn(file: Rendering, render: Render, now: number, policy: Policy): FileRecord {
  if (render.lookOnce) return takeNewId(file, now, file.state.failures);
  const polls = render.polls + 1;
  if (polls >= policy.renderMaxPolls) {
    return fail({ ...file, state: { ...file.state, render: { ...render, polls } } }, { code: 'render_timeout' }, now);
  }
  return pollAgain(file, { ...render, submitted: true, polls }, now, policy);
}

function failed(file: Rendering, render: Render, detail: string, now: number): FileRecord {
  if (render.lookOnce) return takeNewId(file, now, file.state.failures);
  const failures = file.state.failures + 1;
  return failures < maxRenderFailures
    ? takeNewId(file, now, failures)
    : fail(file, { code: 'render_failed', ...(detail === '' ? {} : { detail }) }, now);
}

function rendered(file: Rendering, output: Output, now: number): FileRecord {
  const steps = endStep(file.steps, now, stepAt(file, 'render'));
  if (file.input.destination === null) return complete({ ...file, steps }, output, now);
  return plan(
    file,
    { status: 'delivering', ...freshMotion('in', now), output },
    { steps: beginAttempt(steps, now, stepAt(file, 'deliver')) },
  );
}

const complete = (file: FileRecord, output: Output, now: number): FileRecord =>
  plan(file, { status: 'completed', output, finishedAt: now }, { kept: null });

function decideDelivery(file: Active<Working<'delivering'>>, event: RenderEvent, now: number): FileRecord | null {
  if (event.type === 'delivered') {
    const steps = endStep(file.steps, now, stepAt(file, 'deliver'));
    return complete({ ...file, steps }, file.state.output, now);
  }
  if (event.type === 'delivery-refused') return fail(file, { code: 'delivery_failed', detail: event.detail }, now);
  return null;
}
