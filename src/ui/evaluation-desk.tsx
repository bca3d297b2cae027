import { X } from 'lucide-react';
import { DialogFrame } from './dialog-frame.tsx';
import { ErrorNotice } from './error-notice.tsx';
import type { EvaluationState } from './evaluation.ts';
import { EvaluationReports } from './evaluation-reports.tsx';
import { EvaluationRunning, EvaluationSetup } from './evaluation-setup.tsx';
import { EvaluationSource } from './evaluation-source.tsx';
import { messages } from './messages.ts';
import { useEvaluation, useSession } from './session-context.ts';
import './evaluation.css';

const text = messages.evaluation;

/** The evaluations of this visit: a dialog that can be closed while one runs, and a line under the Model line that stands for it then. */
export function EvaluationDesk() {
  const { evaluation } = useSession();
  const state = useEvaluation();
  const { folder, running, runs, error, view } = state;
  return (
    <>
      {!view.open && !view.barClosed && <Bar state={state} />}
      <DialogFrame name={text.name} open={view.open} onOpenChange={(open) => evaluation.look({ open })}>
        <EvaluationSource />
        {error && <ErrorNotice error={error} action={messages.dismiss} onAction={() => evaluation.dismissError()} />}
        {running && <EvaluationRunning running={running} onStop={() => evaluation.stop()} />}
        {!running && folder && <EvaluationSetup folder={folder} onStart={(choice) => void evaluation.start(choice)} />}
        {runs.length > 0 && <EvaluationReports runs={runs} view={view} />}
      </DialogFrame>
    </>
  );
}

function Bar({ state: { running, runs, error } }: { state: EvaluationState }) {
  const { evaluation } = useSession();
  if (!running && runs.length === 0 && !error) return null;
  const progress = running?.progress;
  const words = [running ? text.barRunning : error ? text.barFailed : text.barDone(runs.length)];
  if (progress?.phase === 'judging') words.push(text.judging(progress.done, progress.total));
  return (
    <div className="load-notice">
      <section className="desk-bar" aria-label={text.name}>
        <span>{words.join(': ')}</span>
        <button type="button" className="button small" onClick={() => evaluation.look({ open: true })}>
          {text.show}
        </button>
        {!running && (
          <button type="button" className="icon-button" aria-label={messages.close} onClick={() => evaluation.look({ barClosed: true })}>
            <X size={16} aria-hidden="true" />
          </button>
        )}
      </section>
    </div>
  );
}
