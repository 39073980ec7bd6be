/** The way of a file, step by step: attempts, waits in between, how long each took, what it changed, what was answered. */
import type { FileDetail } from '../../api/dashboard-wire.ts';
import { duration, precise, time } from '../data/format.ts';
import { named, t } from '../data/texts.ts';
import { Shape, type Tone } from './mark.tsx';
import { Ago } from './times.tsx';

type Step = FileDetail['file']['steps'][number];
/** A wait that is worth a line; shorter ones are hand-overs. */
const shownWaitMs = 1500;

export function FileWay({ detail }: { readonly detail: FileDetail }) {
  const { steps, created_at, instructions } = detail.file;
  return (
    <section class="card way">
      <h2>{t('way')}</h2>
      {steps.length === 0 ? <Instructions texts={instructions} /> : null}
      <ol>
        {steps.map((step, at) => (
          <Entry key={at} step={step} before={at === 0 ? created_at : (steps[at - 1]?.finished_at ?? null)} />
        ))}
      </ol>
    </section>
  );
}

/** Nothing was done yet: what is to be done. */
const Instructions = ({ texts }: { readonly texts: readonly string[] }) => (
  <ol class="instructions">
    {texts.map((text, at) => (
      <li key={at}>
        <bdi>{text}</bdi>
      </li>
    ))}
  </ol>
);

const toneOf = (step: Step): Tone => (step.error !== undefined ? 'bad' : step.finished_at === null ? 'busy' : 'good');

function Entry({ step, before }: { readonly step: Step; readonly before: string | null }) {
  const waitedMs = before === null ? 0 : Date.parse(step.started_at) - Date.parse(before);
  return (
    <li class={toneOf(step)}>
      {waitedMs > shownWaitMs ? <p class="waited">{t('waited', { n: duration(waitedMs) })}</p> : null}
      <div class="step-head">
        <Shape tone={toneOf(step)} />
        <b>{named('step_', step.step)}</b>
        <time class="muted figure">{time(step.started_at)}</time>
        <span class="figure">
          {step.finished_at === null ? (
            <Ago at={step.started_at} />
          ) : (
            precise(Date.parse(step.finished_at) - Date.parse(step.started_at))
          )}
        </span>
        {step.attempts > 1 ? <span class="tag">{t('attempts_n', { n: step.attempts })}</span> : null}
      </div>
      {step.instruction === undefined ? null : (
        <p class="instruction">
          <bdi>{step.instruction}</bdi>
        </p>
      )}
      <dl class="facts">
        {step.change === undefined ? null : <Fact name={t('changed')} value={step.change} />}
        {step.reply === undefined || step.reply === '' ? null : <Fact name={t('reply')} value={step.reply} />}
        {step.render_id === undefined ? null : <Fact name={t('render_id')} value={step.render_id} code />}
        {step.error === undefined ? null : (
          <Fact
            name={
              step.error.upstream_code === null ? step.error.code : `${step.error.code} (${step.error.upstream_code})`
            }
            value={step.error.message}
          />
        )}
      </dl>
    </li>
  );
}

function Fact({
  name,
  value,
  code = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly code?: boolean;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{code ? <code>{value}</code> : <bdi class="said">{value}</bdi>}</dd>
    </div>
  );
}
