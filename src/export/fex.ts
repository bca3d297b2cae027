/**
 * py-feat's Fex: a row per face per frame, for `feat.utils.io.read_feat(file)` (column names as in py-feat 2.1.5,
 * feat/utils/__init__.py and feat/multitask/__init__.py).
 *
 * - Emotions stand twice. py-feat 2 takes a file with `valence` and `arousal` for one of its second detector, whose
 *   emotions are capitalised; earlier versions look for the lower-case names. Contempt, which py-feat does not know, is
 *   a column of its own: the seven sum to 1 less contempt.
 * - AU columns are probabilities in [0, 1], those that were measured and no others.
 * - Head pose (Pitch, Roll, Yaw, X, Y, Z), gaze and identity embeddings are not measured and not there: py-feat's
 *   `.poses` has nothing to give.
 */
import type { EmotionLabel } from '../shared/labels.ts';
import { frameNumbers } from './frames.ts';
import { POINT_COLUMNS, pointCells } from './landmarks-68.ts';
import { sidecar } from './provenance.ts';
import { faceName, type Session } from './session.ts';
import { type Cell, csvTable } from './table.ts';

/** py-feat's order and, in its second detector, its names. */
const EMOTIONS: readonly (readonly [EmotionLabel, string])[] = [
  ['anger', 'Anger'],
  ['disgust', 'Disgust'],
  ['fear', 'Fear'],
  ['happiness', 'Happy'],
  ['sadness', 'Sad'],
  ['surprise', 'Surprise'],
  ['neutral', 'Neutral'],
];

/** Codes of the action units that were measured on any face, in order. */
export function measuredUnits(session: Session): string[] {
  const units = session.items.flatMap((item) => item.readings.flatMap((reading) => reading.actionUnits));
  return [...new Set(units.map((unit) => unit.code))].sort();
}

/** `MM:SS`, as py-feat writes it; the exact time is in `timestamp`. */
function approximateTime(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 60)}:${two(seconds % 60)}`;
}

/** The table. No comment lines: py-feat's reader knows none. */
export function fexCsv(session: Session): string {
  const codes = measuredUnits(session);
  const header = [
    'FaceRectX',
    'FaceRectY',
    'FaceRectWidth',
    'FaceRectHeight',
    'FaceScore',
    ...POINT_COLUMNS,
    ...codes,
    ...EMOTIONS.map(([label]) => label),
    'contempt',
    ...EMOTIONS.map(([, name]) => name),
    'valence',
    'arousal',
    'FrameHeight',
    'FrameWidth',
    'input',
    'frame',
    'approx_time',
    'timestamp',
    'Identity',
    'face_name',
  ];
  const rows = session.items.flatMap((item) => {
    const frames = frameNumbers(item.readings);
    return item.readings.map((reading, index): Cell[] => {
      const emotions = EMOTIONS.map(([label]) => reading.probabilities[label]);
      const { x, y, width, height } = reading.box;
      return [
        ...[x, y, width, height, reading.score],
        ...pointCells(reading),
        ...codes.map((code) => reading.actionUnits.find((unit) => unit.code === code)?.probability ?? null),
        ...[...emotions, reading.probabilities.contempt, ...emotions],
        ...[reading.valence, reading.arousal],
        ...[item.height || null, item.width || null],
        item.name,
        frames[index] ?? null,
        item.kind === 'picture' ? null : approximateTime(reading.time),
        ...[reading.time, reading.faceId],
        faceName(item, reading.faceId),
      ];
    });
  });
  return csvTable(header, rows);
}

/** What `fexCsv`'s columns mean and what made them, as JSON. */
export function fexSidecar(session: Session, at: Date): string {
  return sidecar(session, at, {
    format: 'py-feat Fex CSV, column names as in py-feat 2.1.5',
    notes: [
      'Read it with feat.utils.io.read_feat.',
      'Action units are geometric estimates from landmarks, not FACS coding.',
      'x_* and y_* are empty where no landmarks were found.',
      'Frames without a face have no row.',
    ],
    columns: {
      'FaceRectX, FaceRectY, FaceRectWidth, FaceRectHeight': 'face box in px of the frame, origin top left',
      FaceScore: 'confidence of the face detector, [0, 1]',
      'x_0…x_67, y_0…y_67':
        'px; vertices of the 468-point mesh that lie where the 68 dlib points do; an approximation, least good along the jaw',
      'AU*': 'probability that the action unit is shown, [0, 1]',
      'anger…neutral, contempt': 'calibrated probabilities; the eight sum to 1',
      'Anger…Neutral': 'the same seven under the names of py-feat 2’s second detector',
      'valence, arousal': '[-1, 1]; expectation of published circumplex coordinates under the emotion distribution',
      frame: 'number of the analysed frame of its input, from 0; not the video’s own frame number',
      approx_time: 'MM:SS of media time; empty for pictures',
      timestamp: 'media time in seconds',
      Identity: 'face id, stable within an input',
      face_name: 'what the user called the face',
    },
  });
}
