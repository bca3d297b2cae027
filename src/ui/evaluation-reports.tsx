import { Download } from 'lucide-react';
import { evaluationCsv } from '../export/evaluation-csv.ts';
import { compareReports } from './compare-reports.ts';
import type { EvaluationView, Run } from './evaluation.ts';
import { EvaluationComparison } from './evaluation-comparison.tsx';
import { EvaluationReportView } from './evaluation-report.tsx';
import { messages } from './messages.ts';
import { Picker } from './picker.tsx';
import { saveFile } from './save-file.ts';
import { useSession } from './session-context.ts';

const text = messages.evaluation;

/** One report, or two side by side; the same export of each. */
export function EvaluationReports({ runs, view }: { runs: readonly Run[]; view: EvaluationView }) {
  const { evaluation } = useSession();
  const shown = runs.find((run) => run.id === view.shown) ?? runs.at(-1);
  if (!shown) return null;
  const others = runs.filter((run) => run !== shown);
  const against = others.find((run) => run.id === view.against) ?? null;
  const look = (change: Partial<EvaluationView>) => evaluation.look({ cell: null, page: 0, ...change });
  return (
    <>
      <section className="evaluation-reports">
        <h3>{text.report}</h3>
        <div className="evaluation-row">
          <Picker
            label={text.report}
            value={String(shown.id)}
            options={runs.map((run) => ({ value: String(run.id), name: nameOfRun(run) }))}
            onChange={(id) => look({ shown: Number(id) })}
          />
          {others.length > 0 && (
            <Picker
              label={text.compareWith}
              value={String(against?.id ?? 0)}
              options={[{ value: '0', name: text.nothing }, ...others.map((run) => ({ value: String(run.id), name: nameOfRun(run) }))]}
              onChange={(id) => look({ against: Number(id) })}
            />
          )}
        </div>
        <div className="evaluation-row">
          <button type="button" className="button" onClick={() => saveFile(shown.text, fileName(shown, 'json'), 'application/json')}>
            <Download size={16} aria-hidden="true" /> {text.exportJson}
          </button>
          <button
            type="button"
            className="button"
            disabled={!shown.report.items}
            onClick={() => saveFile(evaluationCsv(shown.report), fileName(shown, 'csv'), 'text/csv')}
          >
            <Download size={16} aria-hidden="true" /> {text.exportCsv}
          </button>
        </div>
      </section>
      {against ? (
        <EvaluationComparison a={against} b={shown} comparison={compareReports(against.report, shown.report)} view={view} />
      ) : (
        <EvaluationReportView run={shown} view={view} />
      )}
    </>
  );
}

/** What sets a run apart from the others. */
function nameOfRun({ id, report, backend, file }: Run): string {
  const { task, by, pack, foundation, prompting, n, stopped, rows } = report;
  const facts: string[] = [text.tasks[task].name, text.judges[by], messages.packLine(pack.id, pack.version)];
  if (foundation) facts.push(foundation.id);
  if (prompting === 'plain') facts.push(messages.promptings.plain);
  if (backend) facts.push(messages.backends[backend]);
  facts.push(stopped ? text.outOf(n, rows) : text.items(n));
  if (file !== null) facts.push(file);
  return text.runName(id, facts);
}

/** `emollm-evaluation-2-faces-tiny.json` */
const fileName = ({ id, report }: Run, ending: string): string =>
  `emollm-evaluation-${id}-${report.task}-${report.pack.id.replaceAll(/[^\w.-]/g, '_')}.${ending}`;
