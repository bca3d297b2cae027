/**
 * A small BIDS dataset (bids-specification.readthedocs.io, 1.10): behavioural events of one subject, a run an input.
 * Onset and duration are in seconds of media time, `n/a` where there is none.
 */
import { EMOTION_LABELS } from '../shared/labels.ts';
import { provenance } from './provenance.ts';
import { answered, answerProbability, answerText, segments } from './segments.ts';
import { faceName, type Session, type SessionItem } from './session.ts';
import { type Cell, tsvTable } from './table.ts';

const COLUMNS: readonly string[] = [
  'onset',
  'duration',
  'trial_type',
  'face',
  'face_name',
  'value',
  'probability',
  'valence',
  'arousal',
  'task',
  'outcome',
  'reason',
];

const TASK = 'emollm';

/** One input's `_events.tsv`: expressions for as long as they stay the same, explanations at the moment that they explain. */
export function eventsTsv(item: SessionItem): string {
  const picture = item.kind === 'picture';
  const rows = [
    ...segments(item).map((segment): Cell[] => [
      segment.start,
      picture ? null : segment.end - segment.start,
      'expression',
      segment.faceId,
      faceName(item, segment.faceId),
      segment.emotion,
      ...[segment.probability, segment.valence, segment.arousal],
      ...[null, null, null],
    ]),
    ...answered(item).map((explanation): Cell[] => [
      explanation.time,
      picture ? null : 0,
      'explanation',
      ...[null, null],
      answerText(explanation),
      answerProbability(explanation),
      ...[null, null],
      explanation.task,
      explanation.outcome,
      explanation.steps.reason,
    ]),
    ...(item.marks ?? []).map((mark): Cell[] => [
      mark.time,
      mark.end === null ? 0 : Math.max(0, mark.end - mark.time),
      `mark_${mark.kind}`,
      ...[null, null],
      mark.text,
      ...Array<null>(6).fill(null),
    ]),
    ...(item.cuts ?? []).map((cut): Cell[] => [cut.time, 0, 'scene_cut', ...Array<null>(9).fill(null)]),
  ].sort((a, b) => Number(a[0]) - Number(b[0]));
  return tsvTable(COLUMNS, rows, 'n/a');
}

/** What the columns of `eventsTsv` mean: its `_events.json`. */
export function eventsJson(): string {
  const emotions = Object.fromEntries(EMOTION_LABELS.map((label) => [label, `The face is read as ${label}.`]));
  return json({
    onset: { Description: 'Media time of the event. A picture has none: it is 0.', Units: 's' },
    duration: {
      Description: 'How long the expression stays the same; n/a for a picture, 0 for an explanation, a cut and a mark of a moment.',
      Units: 's',
    },
    trial_type: {
      Description: 'What the event is.',
      Levels: {
        expression: 'A face shows one emotion without interruption.',
        explanation: 'The language model explained the frame at this time.',
        scene_cut: 'The film was cut: the first frame that was read of another shot.',
        mark_event: 'The user marked an event.',
        mark_exclude: 'The user marked this stretch as not to be counted.',
        mark_text: 'The user wrote a note.',
      },
    },
    face: { Description: 'Face id, stable within a run.' },
    face_name: { Description: 'What the user called the face.' },
    value: {
      Description: `Of an expression its emotion (${Object.keys(emotions).join(', ')}; uncertain where none was likely enough), of an explanation its answer, of a mark its text.`,
    },
    probability: { Description: 'Of an expression the mean probability of the likeliest emotion, of an explanation that of its answer.' },
    valence: { Description: 'Mean over the readings of the expression, from -1 (unpleasant) to 1 (pleasant).' },
    arousal: { Description: 'Mean over the readings of the expression, from -1 (calm) to 1 (excited).' },
    task: { Description: 'What was asked of the language model.' },
    outcome: { Description: 'Whether the explanation was completed.' },
    reason: { Description: 'The explanation’s reasoning, in words.' },
  });
}

/** The dataset's files, by their paths in it. `sourcedata/provenance.json` says which input each run is, and what made it. */
export function bidsDataset(session: Session, at: Date): { path: string; text: string }[] {
  const made = provenance(session, at);
  const digits = Math.max(2, String(session.items.length).length);
  const runs = session.items.map((item, index) => ({ item, run: String(index + 1).padStart(digits, '0') }));
  const pack = made.pack ? `pack ${made.pack.id} ${made.pack.version}, sha256 ${made.pack.sha256}` : 'no pack loaded';
  return [
    {
      path: 'dataset_description.json',
      text: json({
        Name: 'Emotion read by EmoLLM',
        BIDSVersion: '1.10.0',
        DatasetType: 'raw',
        GeneratedBy: [{ Name: made.app.name, Version: made.app.version, Description: `Expressions and explanations, ${pack}` }],
      }),
    },
    {
      path: 'README.md',
      text: [
        '# Emotion read by EmoLLM',
        '',
        'Expressions of faces and explanations as events, a run for each input, all under one subject: rename sub-01 as you need.',
        '',
        ...runs.map(({ item, run }) => `- run-${run}: ${item.name.replaceAll(/\s+/g, ' ')} (${item.kind})`),
        '',
      ].join('\n'),
    },
    { path: 'participants.tsv', text: 'participant_id\nsub-01\n' },
    ...runs.flatMap(({ item, run }) => {
      const base = `sub-01/beh/sub-01_task-${TASK}_run-${run}_events`;
      return [
        { path: `${base}.tsv`, text: eventsTsv(item) },
        { path: `${base}.json`, text: eventsJson() },
      ];
    }),
    { path: 'sourcedata/provenance.json', text: json(made) },
  ];
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
