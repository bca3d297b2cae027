/** A session as the app's own tables. */
import { EMOTION_LABELS, type GraphName, STEPS } from '../shared/labels.ts';
import { sampling } from './frames.ts';
import { textHash } from './provenance.ts';
import { faceName, type MadeBy, type Session, type SessionItem, type SessionReading, wordLines } from './session.ts';
import { type Cell, csvTable, numberText } from './table.ts';

const MODEL_COLUMNS = [
  'app_version',
  'pack_id',
  'pack_version',
  'pack_hash',
  'backend',
  'dtype',
  'graphs',
  'adapter',
  'smoothing',
  'frame_interval',
];

/**
 * The same in every row of an item, so that a row cut out of the table still says what made it. `smoothing` in seconds,
 * `frame_interval` the median seconds between analysed frames, `graphs` is `graph=backend dtype` joined by `; `.
 */
function modelCells(session: Session, item: SessionItem, graph: GraphName): Cell[] {
  const status = session.model?.graphs.find((each) => each.graph === graph);
  return [
    session.app.version,
    session.model?.packId ?? null,
    session.model?.packVersion ?? null,
    session.model?.packHash ?? null,
    status?.backend ?? null,
    status?.dtype ?? null,
    session.model?.graphs.map((each) => `${each.graph}=${each.backend} ${each.dtype}`).join('; ') ?? null,
    session.model?.adapter || null,
    typeof session.settings.smoothing === 'number' ? session.settings.smoothing : null,
    sampling(item).interval,
  ];
}

const SMOOTHING = MODEL_COLUMNS.indexOf('smoothing');

/** Seconds by which a reading was smoothed: in a video's analysis as it was set then; a picture is never. */
function smoothingOf({ settings }: Session, { kind, analyses }: SessionItem, time: number): number | null {
  if (kind === 'picture') return 0;
  const analysis = analyses?.find(({ from, to }) => time >= from && time <= to);
  return analysis?.smoothing ?? (typeof settings.smoothing === 'number' ? settings.smoothing : null);
}

/** As this frame alone gave them: the very values of the row where nothing was smoothed. */
function rawCells(reading: SessionReading): Cell[] {
  const { probabilities, valence, arousal } = reading.raw ?? reading;
  return [...EMOTION_LABELS.map((label) => probabilities[label]), valence, arousal];
}

/** One row per face per frame; `raw_…` is without smoothing; action units are columns, empty where one was not measured. Backend and dtype are the face encoder's. */
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
    'face_name',
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
    ...[...EMOTION_LABELS, 'valence', 'arousal'].map((name) => `raw_${name}`),
    ...codes,
    ...MODEL_COLUMNS,
  ];
  const rows = session.items.flatMap((item) => {
    const model = modelCells(session, item, 'face-encoder');
    return item.readings.map((reading): Cell[] => [
      item.name,
      item.id,
      item.kind,
      item.width,
      item.height,
      reading.time,
      reading.faceId,
      faceName(item, reading.faceId),
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
      ...rawCells(reading),
      ...codes.map((code) => reading.actionUnits.find((unit) => unit.code === code)?.probability ?? null),
      ...model.with(SMOOTHING, smoothingOf(session, item, reading.time)),
    ]);
  });
  return csvTable(header, rows);
}

/** `emollm-s 0.5.0`, or a foundation pack: `smolvlm-256m-instruct@<commit> webgpu decoder=q4; vision=fp16`. */
export function languageModelName({ packId, packVersion, foundation }: MadeBy): string {
  if (!foundation) return `${packId} ${packVersion}`;
  const dtypes = Object.entries(foundation.dtypes).map(([graph, dtype]) => `${graph}=${dtype}`);
  return `${foundation.id}@${foundation.revision} ${foundation.device} ${dtypes.join('; ')}`;
}

/**
 * One row per explanation; the distribution is `option=probability` joined by `; `, `words_given` whether the user typed the words, `prompting`
 * and `language_model` what this very text was asked of (empty: not known). Backend and dtype are those of the pack's own language model now.
 */
export function explanationsCsv(session: Session): string {
  const header = [
    'input',
    'input_id',
    'kind',
    'time',
    'task',
    'outcome',
    ...STEPS,
    'distribution',
    'words',
    'words_given',
    'prompt',
    'prompt_sha256',
    'prompting',
    'language_model',
    ...MODEL_COLUMNS,
  ];
  const rows = session.items.flatMap((item) => {
    const model = modelCells(session, item, 'language-model');
    return item.explanations.map((explanation): Cell[] => [
      item.name,
      item.id,
      item.kind,
      explanation.time,
      explanation.task,
      explanation.outcome,
      ...STEPS.map((step) => (step === 'answer' ? (explanation.answer?.text ?? explanation.steps.answer) : explanation.steps[step])),
      explanation.answer?.distribution.map(({ option, probability }) => `${option}=${numberText(probability)}`).join('; ') ?? '',
      wordLines(explanation).join(' '),
      String(explanation.wordsGiven !== undefined),
      explanation.prompt,
      explanation.prompt === '' ? null : textHash(explanation.prompt),
      explanation.prompting ?? 'emoprompt',
      explanation.madeBy ? languageModelName(explanation.madeBy) : null,
      ...model,
    ]);
  });
  return csvTable(header, rows);
}
