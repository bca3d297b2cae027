import { Check, CircleSlash, LoaderCircle, Scale } from 'lucide-react';
import { memo } from 'react';
import { isCalibrated } from '../export/session.ts';
import { STEPS, type Step } from '../shared/labels.ts';
import { disagreement, type Explanation, stepPhase } from './analysis-state.ts';
import { AnswerView } from './answer-view.tsx';
import { ErrorNotice } from './error-notice.tsx';
import { EvidenceChips } from './evidence-chips.tsx';
import { clock } from './format.ts';
import { MadeByLine } from './made-by-line.tsx';
import { messages } from './messages.ts';
import { useAppState, useSession } from './session-context.ts';
import { GivenWords } from './words-popover.tsx';

/** One explanation: four parts that light up in turn. */
export const ExplanationView = memo(function ExplanationView({ run, live }: { run: Explanation; live: boolean }) {
  const { controller } = useSession();
  const begun = run.step !== null || STEPS.some((step) => run.steps[step] !== '');
  return (
    <article className="explanation" data-phase={run.phase} id={`run-${run.runId}`} tabIndex={-1}>
      <h3 className="explanation-head">
        {messages.tasks[run.task].name}
        {run.auto && <span className="explanation-auto">{messages.timeline.byItself}</span>}
        {live && <span>{clock(run.time)}</span>}
      </h3>
      <MadeByLine run={run} />
      {run.wordsGiven !== undefined && <GivenWords words={run.wordsGiven} />}
      {run.phase === 'queued' && <Queued />}
      {run.phase === 'running' && !begun && <Waiting text={messages.looking} />}
      {begun && (
        <ol className="steps">
          {(run.prompting === 'plain' ? (['answer'] as const) : STEPS).map((step) => (
            <StepView key={step} run={run} step={step} />
          ))}
        </ol>
      )}
      {run.phase === 'stopped' && (
        <p className="stopped">
          <CircleSlash size={15} aria-hidden="true" /> {begun ? messages.stoppedHere : messages.stoppedBefore}
        </p>
      )}
      <Disagreement run={run} />
      {run.error && <ErrorNotice error={run.error} action={messages.actions.tryAgain} onAction={() => controller.explainer.explain()} />}
    </article>
  );
});

function StepView({ run, step }: { run: Explanation; step: Step }) {
  const phase = stepPhase(run, step);
  const text = run.steps[step];
  const answered = step === 'answer' && run.answer !== null;
  const { controller } = useSession();
  const evidence = run.evidence[step];
  const shown = useAppState((state) => state.highlight?.runId === run.runId && state.highlight.evidence === evidence);
  if (phase === 'ahead' && run.phase !== 'running') return null;
  return (
    <li className="step" data-phase={phase} data-writing={phase === 'current' && run.phase === 'running'}>
      <h4>
        <span className="step-mark" aria-hidden="true">
          {phase === 'past' && <Check size={11} strokeWidth={3} />}
        </span>
        <button
          type="button"
          className="step-name"
          aria-pressed={shown}
          title={messages.showStep}
          onClick={() => controller.moment.point(run, shown ? null : evidence)}
          onBlur={() => shown && controller.moment.point(run, null)}
        >
          {messages.steps[step]}
        </button>
      </h4>
      {answered && run.answer ? (
        <AnswerView answer={run.answer} calibrated={isCalibrated(run)} />
      ) : (
        text !== '' && <p lang="en">{text.trim()}</p>
      )}
      <EvidenceChips run={run} evidence={evidence} />
    </li>
  );
}

function Queued() {
  const waits = useAppState((state) => state.model.parts['language-model'].phase === 'loading');
  return <Waiting text={waits ? messages.queuedForModel : messages.queuedForTurn} />;
}

function Waiting({ text }: { text: string }) {
  return (
    <p className="waiting">
      <LoaderCircle className="spin" size={15} aria-hidden="true" /> {text}
    </p>
  );
}

function Disagreement({ run }: { run: Explanation }) {
  const views = disagreement(run);
  if (!views) return null;
  const text = messages.emotions[views.text];
  return (
    <p className="disagreement">
      <Scale size={16} aria-hidden="true" />
      {views.reader === 'uncertain' ? messages.readerUncertain(text) : messages.disagreement(messages.emotions[views.reader], text)}
    </p>
  );
}
