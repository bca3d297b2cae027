/** A session as tables (RFC 4180: commas, CRLF, quotes doubled), safe to open in a spreadsheet. */
import { EMOTION_LABELS, type GraphName, STEPS } from '../shared/labels.ts';
import type { Session } from './session.ts';

type Cell = string | number | null;

/** Spreadsheets run a text cell that begins like a formula (OWASP, CSV injection): a leading apostrophe makes it text. */
function safeText(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
}

function cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(Number(value.toPrecision(8))) : '';
  const text = safeText(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function table(header: string[], rows: Cell[][]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

const MODEL_COLUMNS = ['app_version', 'pack_id', 'pack_version', 'pack_hash', 'backend', 'dtype'];

/** The same in every row, so that a row cut out of the table still says what made it. */
function modelCells(session: Session, graph: GraphName): Cell[] {
  const status = session.model?.graphs.find((each) => each.graph === graph);
  return [
    session.app.version,
    session.model?.packId ?? null,
    session.model?.packVersion ?? null,
    session.model?.packHash ?? null,
    status?.backend ?? null,
    status?.dtype ?? null,
  ];
}

/** One row per face per frame; action units are columns, empty where one was not measured. Backend and dtype are the face encoder's. */
export function readingsCsv(session: Session): string {
  const codes = [
    ...new Set(session.items.flatMap((item) => item.readings.flatMap((reading) => reading.actionUnits.map((unit) => unit.code)))),
  ].sort();
  const header = [
    'input',
    'input_id',
    'kind',
    'frame_width',
    'frame_height',
    'time',
    'face_id',
    'box_x',
    'box_y',
    'box_width',
    'box_height',
    'roll',
    'score',
    ...EMOTION_LABELS,
    'emotion',
    'valence',
    'arousal',
    ...codes,
    ...MODEL_COLUMNS,
  ];
  const model = modelCells(session, 'face-encoder');
  const rows = session.items.flatMap((item) =>
    item.readings.map((reading): Cell[] => [
      item.name,
      item.id,
      item.kind,
      item.width,
      item.height,
      reading.time,
      reading.faceId,
      reading.box.x,
      reading.box.y,
      reading.box.width,
      reading.box.height,
      reading.roll,
      reading.score,
      ...EMOTION_LABELS.map((label) => reading.probabilities[label]),
      reading.emotion,
      reading.valence,
      reading.arousal,
      ...codes.map((code) => reading.actionUnits.find((unit) => unit.code === code)?.probability ?? null),
      ...model,
    ]),
  );
  return table(header, rows);
}

/** One row per explanation; the distribution is `option=probability` joined by `; `. Backend and dtype are the language model's. */
export function explanationsCsv(session: Session): string {
  const header = ['input', 'input_id', 'kind', 'time', 'task', 'outcome', ...STEPS, 'distribution', 'words', 'prompt', ...MODEL_COLUMNS];
  const model = modelCells(session, 'language-model');
  const rows = session.items.flatMap((item) =>
    item.explanations.map((explanation): Cell[] => [
      item.name,
      item.id,
      item.kind,
      explanation.time,
      explanation.task,
      explanation.outcome,
      ...STEPS.map((step) => (step === 'answer' ? (explanation.answer?.text ?? explanation.steps.answer) : explanation.steps[step])),
      explanation.answer?.distribution.map(({ option, probability }) => `${option}=${cell(probability)}`).join('; ') ?? '',
      explanation.words.map((line) => line.text).join(' '),
      explanation.prompt,
      ...model,
    ]),
  );
  return table(header, rows);
}
