/** Reports for tests, as the engine writes them. */
import type { ClassificationReport, ReportItem, SceneReport } from '../shared/evaluation.ts';

const HEAD = {
  cropped: true,
  seconds: 2.5,
  pack: { id: 'tiny', version: '1.0.0', hash: 'a'.repeat(64) },
  backends: { 'face-encoder': 'wasm' },
  skipped: [],
  stopped: false,
};

/** An item with its answer sure at 0.6, and the rest on the other option. */
export function judged(file: string, label: string, answer: string | null): ReportItem {
  const other = answer === 'fear' ? 'anger' : 'fear';
  return { file, label, answer, probabilities: answer === null ? null : { [answer]: 0.6, [other]: 0.4 }, text: null };
}

/** Of two classes; the figures by class and the confusion are not those of the items. */
export function facesReport(items: ReportItem[], change: Partial<ClassificationReport> = {}): ClassificationReport {
  const right = items.filter(({ label, answer }) => label === answer).length;
  return {
    ...HEAD,
    task: 'faces',
    by: 'affect-head',
    rows: items.length,
    n: items.length,
    accuracy: right / items.length,
    macro_f1: 0.5,
    majority_accuracy: 0.5,
    per_class: { anger: { precision: 1, recall: 0.5, f1: 2 / 3, support: 2 }, fear: { precision: 0, recall: 0, f1: 0, support: 1 } },
    confusion: {
      labels: ['anger', 'fear'],
      columns: ['anger', 'fear', 'none'],
      rows: [
        [1, 1, 0],
        [0, 0, 1],
      ],
    },
    expected_calibration_error: 0.1,
    options: ['anger', 'fear'],
    without_face: 0,
    unmapped: null,
    cues: null,
    claims: null,
    abstention: { threshold: 0.5, coverage: 1, accuracy: 0.5 },
    items,
    ...change,
  };
}

export function sceneReport(change: Partial<SceneReport> = {}): SceneReport {
  return {
    ...HEAD,
    task: 'scene',
    by: 'scene-encoder',
    rows: 2,
    n: 2,
    valence: { concordance: 0.5, mae: 0.25 },
    arousal: { concordance: -0.5, mae: 0.75 },
    concordance: 0,
    mae: 0.5,
    items: [
      { file: '1.png', label: { valence: 0, arousal: 0 }, answer: { valence: 0.3, arousal: 0.4 } },
      { file: '2.png', label: { valence: 1, arousal: 0 }, answer: { valence: 1, arousal: 0.1 } },
    ],
    ...change,
  };
}
