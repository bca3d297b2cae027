import { type ReactNode, useState } from 'react';
import { decimal, percent } from './format.ts';
import { messages } from './messages.ts';
import type { Confusion, ModelCard, TaskFigures } from './model-card.ts';
import { Picker } from './picker.tsx';

const text = messages.card;

/** Of the accent at a share of one: more, and the numbers could not be read on it. */
const MAX_SHADE = 40;

/** A table that scrolls by itself where it is wider than the dialog, never the page. @param columns a head of one row, where that is all */
export function ScrolledTable({ label, columns, children }: { label: string; columns?: readonly string[]; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="card-scroll" aria-label={label} tabIndex={0}>
      <table className="card-table" aria-label={label}>
        {columns && (
          <thead>
            <tr>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
        )}
        {children}
      </table>
    </section>
  );
}

export function FiguresTable({ tasks }: { tasks: readonly TaskFigures[] }) {
  return (
    <>
      <p>{text.figuresHint}</p>
      <ScrolledTable label={text.figures}>
        <thead>
          <tr>
            <th scope="col" rowSpan={2}>
              {text.task}
            </th>
            <th scope="col" rowSpan={2}>
              {text.count}
            </th>
            {[text.pack, text.majority, text.wordsAlone].map((who) => (
              <th key={who} scope="colgroup" colSpan={2}>
                {who}
              </th>
            ))}
            <th scope="col" rowSpan={2}>
              {text.calibrationError}
            </th>
          </tr>
          <tr>
            {[text.pack, text.majority, text.wordsAlone].flatMap((who) =>
              [text.accuracy, text.macroF1].map((what) => (
                <th key={`${who} ${what}`} scope="col">
                  {what}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <tr key={`${task.task} ${task.decidedBy}`}>
              <th scope="row">
                {task.task} <small>{task.decidedBy}</small>
              </th>
              <td>{task.n}</td>
              <Scores of={task} />
              <Scores of={task.majority} />
              <Scores of={task.wordsAlone} />
              <td>{task.calibrationError === null ? text.missing : decimal(task.calibrationError, 3)}</td>
            </tr>
          ))}
        </tbody>
      </ScrolledTable>
    </>
  );
}

function Scores({ of }: { of: { accuracy: number; macroF1: number } | null }) {
  return (
    <>
      <td>{of ? percent(of.accuracy, 1) : text.missing}</td>
      <td>{of ? decimal(of.macroF1, 2) : text.missing}</td>
    </>
  );
}

/** The confusion of one task, chosen among those that have one. */
export function ConfusionView({ tasks }: { tasks: readonly TaskFigures[] }) {
  const [chosen, setChosen] = useState('0');
  const known = tasks.flatMap(({ task, decidedBy, confusion }) => (confusion ? [{ name: text.taskBy(task, decidedBy), confusion }] : []));
  const shown = known[Number(chosen)];
  if (!shown) return null;
  return (
    <section>
      <h3>{text.confusion}</h3>
      <p>{text.confusionHint}</p>
      <Picker label={text.task} value={chosen} options={known.map(({ name }, i) => ({ value: String(i), name }))} onChange={setChosen} />
      <ConfusionTable label={`${text.confusion}: ${shown.name}`} confusion={shown.confusion} />
    </section>
  );
}

interface ConfusionTableProps {
  label: string;
  confusion: Confusion;
  /** Where the items of a cell can be shown; `answer` is the column's name. */
  onCell?: (label: string, answer: string) => void;
  /** The cell whose items are shown. */
  chosen?: { label: string; answer: string } | null;
}

export function ConfusionTable({ label, confusion: { labels, columns, rows }, onCell, chosen }: ConfusionTableProps) {
  return (
    <ScrolledTable label={label}>
      <thead>
        <tr>
          <td />
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {labels.map((name, i) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {columns.map((column, j) => (
              <ConfusionCell key={column} row={rows[i] ?? []} at={j} right={column === name}>
                {onCell && (
                  <button
                    type="button"
                    className="evaluation-cell"
                    aria-pressed={chosen?.label === name && chosen.answer === column}
                    aria-label={messages.evaluation.cell(rows[i]?.[j] ?? 0, name, column)}
                    onClick={() => onCell(name, column)}
                  >
                    {rows[i]?.[j]}
                  </button>
                )}
              </ConfusionCell>
            ))}
          </tr>
        ))}
      </tbody>
    </ScrolledTable>
  );
}

/** `children` stands for the bare number, where there is something to do with it. */
function ConfusionCell({ row, at, right, children }: { row: readonly number[]; at: number; right: boolean; children?: ReactNode }) {
  const n = row[at] ?? 0;
  const share =
    n /
    Math.max(
      1,
      row.reduce((sum, each) => sum + each, 0),
    );
  return (
    <td
      className={right ? 'card-right' : undefined}
      style={{ background: `color-mix(in oklab, transparent, var(--accent) ${(share * MAX_SHADE).toFixed(1)}%)` }}
    >
      {n > 0 && children ? children : n}
    </td>
  );
}

export function ConditionsTable({ conditions }: { conditions: ModelCard['conditions'] }) {
  if (conditions.length === 0) return null;
  return (
    <section>
      <h3>{text.conditions}</h3>
      <ScrolledTable label={text.conditions} columns={[text.condition, text.count, text.accuracy]}>
        <tbody>
          {conditions.map(({ name, n, accuracy }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{n}</td>
              <td>{percent(accuracy, 1)}</td>
            </tr>
          ))}
        </tbody>
      </ScrolledTable>
    </section>
  );
}
