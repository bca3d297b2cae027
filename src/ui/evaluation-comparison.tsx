import type { ReportItem } from '../shared/evaluation.ts';
import type { Comparison, FigurePair, Paired } from './compare-reports.ts';
import type { EvaluationView, Run } from './evaluation.ts';
import { affectWords, Pictures, ReportHead } from './evaluation-report.tsx';
import { decimal, percent } from './format.ts';
import { messages } from './messages.ts';
import { ScrolledTable } from './model-card-tables.tsx';

const text = messages.evaluation;

const SHARES: readonly FigurePair['figure'][] = ['accuracy', 'coverage', 'accuracy_kept'];
const COUNTS: readonly FigurePair['figure'][] = ['n'];
const RATES: readonly FigurePair['figure'][] = ['seconds', 'tokens_per_second'];
/** By custom. */
const RARE = 0.05;

interface EvaluationComparisonProps {
  a: Run;
  b: Run;
  /** Null where the reports are of different kinds. */
  comparison: Comparison | null;
  view: EvaluationView;
}

/** Two reports side by side: figures, and item by item. */
export function EvaluationComparison({ a, b, comparison, view }: EvaluationComparisonProps) {
  return (
    <>
      <div className="evaluation-sides">
        {([text.sideA, text.sideB] as const).map((side, index) => {
          const { report } = index === 0 ? a : b;
          return (
            <section key={side('')} aria-label={side(text.judges[report.by])}>
              <h3>{side(text.judges[report.by])}</h3>
              <ReportHead report={report} />
            </section>
          );
        })}
      </div>
      {!comparison && <p>{text.incomparable}</p>}
      {comparison && (
        <>
          {a.report.task !== b.report.task && <p>{text.otherTask}</p>}
          <FigurePairs comparison={comparison} />
          {comparison.paired ? (
            <PairedItems paired={comparison.paired} a={a} b={b} view={view} />
          ) : (
            comparison.scenes.length === 0 && <p>{text.unpaired}</p>
          )}
          {comparison.scenes.length > 0 && <ScenePairs comparison={comparison} a={a} b={b} view={view} />}
        </>
      )}
    </>
  );
}

function FigurePairs({ comparison: { figures, classes } }: { comparison: Comparison }) {
  return (
    <>
      <section>
        <h3>{text.comparison}</h3>
        <PairTable
          label={text.comparison}
          first={text.figure}
          rows={figures.map(({ figure, a, b }) => ({ name: text.figureNames[figure], a, b, format: formatOf(figure) }))}
        />
      </section>
      {classes.length > 0 && (
        <section>
          <h3>{text.f1ByClass}</h3>
          <PairTable label={text.f1ByClass} first={text.class} rows={classes.map((each) => ({ ...each, format: (x) => decimal(x, 3) }))} />
        </section>
      )}
    </>
  );
}

function formatOf(figure: FigurePair['figure']): (value: number) => string {
  if (COUNTS.includes(figure)) return String;
  if (SHARES.includes(figure)) return (value) => percent(value, 1);
  return (value) => decimal(value, RATES.includes(figure) ? 1 : 3);
}

interface PairRow {
  name: string;
  a: number | null;
  b: number | null;
  format: (value: number) => string;
}

function PairTable({ label, first, rows }: { label: string; first: string; rows: readonly PairRow[] }) {
  return (
    <ScrolledTable label={label} columns={[first, 'A', 'B', text.difference]}>
      <tbody>
        {rows.map(({ name, a, b, format }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {[a, b].map((value, side) => (
              <td key={side === 0 ? 'a' : 'b'}>{value === null ? messages.card.missing : format(value)}</td>
            ))}
            <td>{a === null || b === null ? messages.card.missing : differenceOf(b - a, format)}</td>
          </tr>
        ))}
      </tbody>
    </ScrolledTable>
  );
}

function differenceOf(difference: number, format: (value: number) => string): string {
  const size = format(Math.abs(difference));
  if (!/[1-9]/.test(size)) return size;
  return `${difference < 0 ? '−' : '+'}${size}`;
}

function PairedItems({ paired, a, b, view }: { paired: Paired; a: Run; b: Run; view: EvaluationView }) {
  const { n, both, onlyA, onlyB, neither, p, agreement, kappa, differing } = paired;
  const name = text.differing(differing.length);
  // Of no pictures there is no agreement.
  if (n === 0) {
    return (
      <section>
        <h3>{text.paired(n)}</h3>
      </section>
    );
  }
  return (
    <>
      <section>
        <h3>{text.paired(n)}</h3>
        <p>{text.pairedCounts(both, onlyA, onlyB, neither)}</p>
        <p>
          {text.mcNemar(likelihood(p))} {text.mcNemarSense(p < RARE)}
        </p>
        <p>{text.agreement(percent(agreement, 1), decimal(kappa, 2))}</p>
      </section>
      <section>
        <h3>{name}</h3>
        <Pictures
          run={b.folder ? b : a}
          name={name}
          view={view}
          items={differing.map((pair) => ({ file: pair.file, caption: text.answers(pair.a.label, answerOf(pair.a), answerOf(pair.b)) }))}
        />
      </section>
    </>
  );
}

const answerOf = ({ answer }: ReportItem): string => answer ?? text.noAnswer;

/** "= 0.031", "< 0.001" */
const likelihood = (p: number): string => (p < 0.001 ? `< ${decimal(0.001, 3)}` : `= ${decimal(p, 3)}`);

function ScenePairs({ comparison: { scenes }, a, b, view }: { comparison: Comparison; a: Run; b: Run; view: EvaluationView }) {
  const name = text.differingScenes(scenes.length);
  return (
    <section>
      <h3>{name}</h3>
      <Pictures
        run={b.folder ? b : a}
        name={name}
        view={view}
        items={scenes.map((pair) => ({
          file: pair.file,
          caption: text.answers(affectWords(pair.a.label), affectWords(pair.a.answer), affectWords(pair.b.answer)),
        }))}
      />
    </section>
  );
}
