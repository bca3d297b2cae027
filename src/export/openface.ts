/**
 * OpenFace 2's columns (FeatureExtraction and FaceLandmarkVidMulti; github.com/TadasBaltrusaitis/OpenFace/wiki/Output-Format):
 * `frame` from 1, `timestamp` in seconds, landmarks in px, `AUxx_c` 0 or 1.
 *
 * Only what was measured. `AUxx_c` is 1 where the probability reaches the pack's threshold; without a known threshold
 * there are none. `AUxx_r` (intensity 0 to 5), gaze, head pose and 3-D landmarks are not measured and not there; nor is
 * any unit that OpenFace does not name. A frame without a face has no row, so `success` is always 1.
 */
import { measuredUnits } from './fex.ts';
import { frameNumbers } from './frames.ts';
import { POINT_COLUMNS, pointCells } from './landmarks-68.ts';
import { sidecar } from './provenance.ts';
import { faceName, type Session, type SessionItem } from './session.ts';
import { type Cell, csvTable } from './table.ts';

const PRESENCE_CODES = '01 02 04 05 06 07 09 10 12 14 15 17 20 23 25 26 28 45'.split(' ').map((code) => `AU${code}`);

function presenceCodes(session: Session): string[] {
  return session.model?.cueThreshold === undefined ? [] : measuredUnits(session).filter((code) => PRESENCE_CODES.includes(code));
}

/** One input's table: OpenFace writes a file an input. No comment lines: its readers know none. */
export function openfaceCsv(session: Session, item: SessionItem): string {
  const codes = presenceCodes(session);
  const threshold = session.model?.cueThreshold ?? Number.NaN;
  const frames = frameNumbers(item.readings);
  const header = [
    ...['frame', 'face_id', 'timestamp', 'confidence', 'success'],
    ...POINT_COLUMNS,
    ...codes.map((code) => `${code}_c`),
    'face_name',
  ];
  const rows = item.readings.map((reading, index): Cell[] => [
    (frames[index] ?? 0) + 1,
    ...[reading.faceId, reading.time, reading.score, 1],
    ...pointCells(reading),
    ...codes.map((code) => {
      const unit = reading.actionUnits.find((each) => each.code === code);
      return unit ? Number(unit.probability >= threshold) : null;
    }),
    faceName(item, reading.faceId),
  ]);
  return csvTable(header, rows);
}

/** What `openfaceCsv`'s columns mean, what is left out, and what made them, as JSON. */
export function openfaceSidecar(session: Session, at: Date): string {
  const left = measuredUnits(session).filter((code) => !presenceCodes(session).includes(code));
  return sidecar(session, at, {
    format: 'OpenFace 2 CSV, the columns that were measured',
    notes: [
      'AUxx_r, gaze, head pose and 3-D landmarks are not measured and not there.',
      'Action units are geometric estimates from landmarks, not FACS coding.',
      ...(left.length > 0 ? [`Measured, but not among OpenFace’s columns or without a known threshold: ${left.join(', ')}.`] : []),
      'x_* and y_* are empty where no landmarks were found.',
      'Frames without a face have no row.',
    ],
    columns: {
      frame: 'number of the analysed frame, from 1; not the video’s own frame number',
      face_id: 'face id, stable within the input',
      timestamp: 'media time in seconds',
      confidence: 'confidence of the face detector, [0, 1]',
      success: 'always 1',
      'x_0…x_67, y_0…y_67':
        'px; vertices of the 468-point mesh that lie where the 68 dlib points do; an approximation, least good along the jaw',
      'AU*_c': `1 where the probability is ${session.model?.cueThreshold ?? 'unknown'} or more, else 0`,
      face_name: 'what the user called the face',
    },
  });
}
