/** The items of an evaluation as a table. */
import type { EvaluationReport, ReportHead } from '../shared/evaluation.ts';
import { STEPS } from '../shared/labels.ts';
import { type Cell, csvTable } from './table.ts';

const HEAD_COLUMNS = ['task', 'by', 'cropped', 'pack_id', 'pack_version', 'pack_hash', 'backends', 'foundation', 'prompting'];

/** The same in every row, so that a row cut out of the table still says what made it. `backends` is `graph=backend` joined by `; `, `foundation` the pack in the language model's place. */
function headCells({ task, by, cropped, pack, foundation, prompting, backends }: ReportHead): Cell[] {
  const where = Object.entries(backends).map(([graph, backend]) => `${graph}=${backend}`);
  const other = foundation ? `${foundation.id}@${foundation.revision}` : null;
  return [task, by, cropped ? 'yes' : 'no', pack.id, pack.version, pack.hash, where.join('; '), other, prompting ?? null];
}

/** A row for each judged picture; a column `p_…` for each option, and the four steps where a text was written. */
export function evaluationCsv(report: EvaluationReport): string {
  const head = headCells(report);
  if (!('options' in report)) {
    const columns = ['file', 'valence', 'arousal', 'answer_valence', 'answer_arousal', ...HEAD_COLUMNS];
    const rows = (report.items ?? []).map(({ file, label, answer }): Cell[] => [
      file,
      label.valence,
      label.arousal,
      answer.valence,
      answer.arousal,
      ...head,
    ]);
    return csvTable(columns, rows);
  }
  const { options, items = [] } = report;
  const steps = items.some((item) => item.text) ? STEPS : [];
  const columns = [
    'file',
    'label',
    'answer',
    'correct',
    'probability',
    ...options.map((option) => `p_${option}`),
    ...steps,
    ...HEAD_COLUMNS,
  ];
  const rows = items.map(({ file, label, answer, probabilities, text }): Cell[] => [
    file,
    label,
    answer,
    answer === label ? 'yes' : 'no',
    answer === null ? null : (probabilities?.[answer] ?? null),
    ...options.map((option) => probabilities?.[option] ?? null),
    ...steps.map((step) => text?.[step] ?? null),
    ...head,
  ]);
  return csvTable(columns, rows);
}
