import type { ClassificationReport, EvaluationReport, ReportItem, SceneReport } from '../shared/evaluation.ts';
import { backendName, foundationPrecision } from './backend-name.ts';
import { CalibrationPlot } from './calibration-plot.tsx';
import { affectError, isScene } from './compare-reports.ts';
import type { EvaluationView, Run } from './evaluation.ts';
import { EvaluationPictures, type Pictured } from './evaluation-pictures.tsx';
import { calibrationPoints, wilsonInterval } from './evaluation-statistics.ts';
import { decimal, percent, signed } from './format.ts';
import { messages } from './messages.ts';
import { ConfusionTable, ScrolledTable } from './model-card-tables.tsx';
import { said } from './phrases.ts';
import { useSession } from './session-context.ts';

const text = messages.evaluation;
const names = text.figureNames;

/** One report: what made it, its figures, and its pictures. */
export function EvaluationReportView({ run, view }: { run: Run; view: EvaluationView }) {
  const { report } = run;
  return (
    <>
      <ReportHead report={report} />
      {isScene(report) ? (
        <>
          <SceneFigures report={report} />
          <Scenes run={run} report={report} view={view} />
        </>
      ) : (
        <Classification run={run} report={report} view={view} />
      )}
    </>
  );
}

/** What the figures are of, and what made them. */
export function ReportHead({ report }: { report: EvaluationReport }) {
  const { pack, backends, foundation, prompting, seconds, stopped, skipped, rows, n, broken_off } = report;
  const graphsOn = (backend: string) => Object.keys(backends).filter((graph) => backends[graph] === backend);
  const all = [...new Set(Object.values(backends))];
  // Which graph ran where is said where not all ran on the same.
  const where = all.map((backend) => {
    const name = backendName(backend);
    return all.length === 1 ? name : `${name} (${graphsOn(backend).join(', ')})`;
  });
  return (
    <section>
      {stopped && (
        <div className="notice" role="note">
          <div className="notice-text">
            {text.partial(n + skipped.length, rows)}
            {broken_off !== undefined && ` ${text.brokenOff(said(broken_off))}`}
          </div>
        </div>
      )}
      <dl className="evaluation-facts">
        <dt>{text.pack}</dt>
        <dd>{messages.packLine(pack.id, pack.version)}</dd>
        <dt>{text.hash}</dt>
        <dd>
          <code>{pack.hash}</code>
        </dd>
        {foundation && (
          <>
            <dt>{text.languageModel}</dt>
            <dd>
              {foundation.id} <code>{foundation.revision}</code>, {foundationPrecision(foundation)}, {messages.packs.uncalibrated}
            </dd>
          </>
        )}
        {prompting && (
          <>
            <dt>{text.prompting}</dt>
            <dd>{messages.promptings[prompting]}</dd>
          </>
        )}
        <dt>{text.backends}</dt>
        <dd>{where.join(', ')}</dd>
        <dt>{text.tookName}</dt>
        <dd>{text.took(decimal(seconds, 1))}</dd>
      </dl>
      {skipped.length > 0 && (
        <details>
          <summary>{text.skipped(skipped.length)}</summary>
          <ul className="card-list">
            {skipped.map(({ line, file, reason }) => (
              <li key={line}>{text.skippedLine(line, said(reason.includes(file) ? reason : `${file}: ${reason}`))}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Classification({ run, report, view }: { run: Run; report: ClassificationReport; view: EvaluationView }) {
  const { evaluation } = useSession();
  const { items, confusion } = report;
  const points = items ? calibrationPoints(items) : [];
  const cell = (label: string, answer: string) => evaluation.look({ cell: { label, answer: answerOf(answer) }, page: 0 });
  return (
    <>
      <section>
        <h3>{text.figures}</h3>
        <ClassificationFigures report={report} />
        <p>{text.intervalHint}</p>
      </section>
      <Classes report={report} />
      <section>
        <h3>{text.confusion}</h3>
        <p>{text.confusionHint}</p>
        <ConfusionTable
          label={text.confusion}
          confusion={confusion}
          {...(items && { onCell: cell, chosen: view.cell && { label: view.cell.label, answer: view.cell.answer ?? NONE } })}
        />
      </section>
      {points.length > 0 && (
        <section>
          <h3>{text.calibration}</h3>
          <CalibrationPlot points={points} />
        </section>
      )}
      <Mistakes run={run} items={items ?? null} view={view} />
    </>
  );
}

/** Column of the confusion for items without an answer. */
const NONE = 'none';
const answerOf = (column: string): string | null => (column === NONE ? null : column);

function ClassificationFigures({ report }: { report: ClassificationReport }) {
  const { n, accuracy, macro_f1, majority_accuracy, expected_calibration_error, abstention, without_face, unmapped, cues, claims } = report;
  const { low, high } = wilsonInterval(Math.round(accuracy * n), n);
  const rows: [string, string, string][] = [
    [names.n, String(n), ''],
    [names.accuracy, percent(accuracy, 1), text.interval(percent(low, 1), percent(high, 1))],
    [names.macro_f1, decimal(macro_f1, 3), ''],
    [names.majority, percent(majority_accuracy, 1), ''],
  ];
  if (expected_calibration_error !== null) rows.push([names.calibration_error, decimal(expected_calibration_error, 3), '']);
  if (abstention) {
    rows.push([names.coverage, percent(abstention.coverage, 1), text.threshold(percent(abstention.threshold))]);
    if (abstention.accuracy !== null) rows.push([names.accuracy_kept, percent(abstention.accuracy, 1), '']);
  }
  if (without_face > 0) rows.push([names.without_face, text.outOf(without_face, n), '']);
  if (unmapped !== null) rows.push([names.unmapped, text.outOf(unmapped, n), '']);
  if (cues) rows.push([names.cues, text.outOf(cues.unsupported, cues.named), '']);
  if (claims) rows.push([names.claims, text.outOf(claims.untrue, claims.made), '']);
  return <FigureRows rows={rows} />;
}

function FigureRows({ rows }: { rows: readonly [string, string, string][] }) {
  return (
    <ScrolledTable label={text.figures}>
      <tbody>
        {rows.map(([name, value, beside]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
            <td className="evaluation-beside">{beside}</td>
          </tr>
        ))}
      </tbody>
    </ScrolledTable>
  );
}

function Classes({ report: { options, per_class } }: { report: ClassificationReport }) {
  return (
    <section>
      <h3>{text.classes}</h3>
      <ScrolledTable label={text.classes} columns={[text.class, text.precision, text.recall, text.f1, text.support]}>
        <tbody>
          {options.map((name) => {
            const figures = per_class[name];
            return (
              figures && (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{decimal(figures.precision, 3)}</td>
                  <td>{decimal(figures.recall, 3)}</td>
                  <td>{decimal(figures.f1, 3)}</td>
                  <td>{figures.support}</td>
                </tr>
              )
            );
          })}
        </tbody>
      </ScrolledTable>
    </section>
  );
}

function Mistakes({ run, items, view }: { run: Run; items: readonly ReportItem[] | null; view: EvaluationView }) {
  const { evaluation } = useSession();
  if (!items) return <p>{text.noItems}</p>;
  const { cell } = view;
  const found = items.filter(({ label, answer }) => (cell ? label === cell.label && answer === cell.answer : label !== answer));
  const name = cell ? text.ofCell(cell.label, cell.answer ?? text.noAnswer, found.length) : text.mistakes(found.length);
  // What it was surest of comes first.
  const shown = found.toSorted((a, b) => (confidenceOf(b) ?? 0) - (confidenceOf(a) ?? 0));
  return (
    <section>
      <h3 aria-live="polite">{name}</h3>
      {cell && (
        <button type="button" className="button small" onClick={() => evaluation.look({ cell: null, page: 0 })}>
          {text.allMistakes}
        </button>
      )}
      <Pictures run={run} name={name} view={view} items={shown.map((item) => ({ file: item.file, caption: captionOf(item) }))} />
    </section>
  );
}

const confidenceOf = ({ answer, probabilities }: ReportItem): number | null => (answer === null ? null : (probabilities?.[answer] ?? null));

function captionOf(item: ReportItem): string {
  const confidence = confidenceOf(item);
  return text.answer(item.label, item.answer ?? text.noAnswer, confidence === null ? '' : percent(confidence));
}

interface PicturesProps {
  run: Run;
  name: string;
  items: readonly Pictured[];
  view: EvaluationView;
}

/** Pictures of a run's folder; each opens on the stage. */
export function Pictures({ run, name, items, view }: PicturesProps) {
  const { evaluation } = useSession();
  if (items.length === 0) return <p>{text.noMistakes}</p>;
  return (
    <>
      <p>{run.folder ? text.thumbHint : text.noPictures}</p>
      <EvaluationPictures
        name={name}
        items={items}
        folder={run.folder}
        page={view.page}
        onPage={(page) => evaluation.look({ page })}
        onOpen={(file) => void evaluation.showPicture(run, file)}
      />
    </>
  );
}

function SceneFigures({ report }: { report: SceneReport }) {
  const rows = [
    { name: text.axes.valence, ...report.valence },
    { name: text.axes.arousal, ...report.arousal },
    { name: text.axes.both, concordance: report.concordance, mae: report.mae },
  ];
  return (
    <section>
      <h3>{text.figures}</h3>
      <p>
        {text.items(report.n)}. {text.sceneHint}
      </p>
      <ScrolledTable label={text.figures}>
        <thead>
          <tr>
            <td />
            <th scope="col">{names.concordance}</th>
            <th scope="col">{names.mae}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, concordance, mae }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{signed(concordance)}</td>
              <td>{decimal(mae, 3)}</td>
            </tr>
          ))}
        </tbody>
      </ScrolledTable>
    </section>
  );
}

function Scenes({ run, report: { items }, view }: { run: Run; report: SceneReport; view: EvaluationView }) {
  if (!items) return <p>{text.noItems}</p>;
  const shown = items.toSorted((a, b) => affectError(b) - affectError(a));
  const name = text.scenes(items.length);
  return (
    <section>
      <h3>{name}</h3>
      <Pictures
        run={run}
        name={name}
        view={view}
        items={shown.map(({ file, label, answer }) => ({ file, caption: text.answer(affectWords(label), affectWords(answer), '') }))}
      />
    </section>
  );
}

export const affectWords = ({ valence, arousal }: { valence: number; arousal: number }): string =>
  text.affect(signed(valence), signed(arousal));
