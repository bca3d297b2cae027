/** A small session for tests. */
import type { Reading } from '../shared/readings.ts';
import type { Mark, Session, SessionExplanation } from './session.ts';

export function reading(changes: Partial<Reading> = {}): Reading {
  return {
    faceId: 1,
    time: 1.25,
    box: { x: 10.5, y: 20, width: 60, height: 80 },
    roll: 0.1,
    score: 0.98,
    probabilities: { neutral: 0.1, happiness: 0.7, surprise: 0.1, sadness: 0.02, anger: 0.02, disgust: 0.02, fear: 0.02, contempt: 0.02 },
    emotion: 'happiness',
    valence: -0.25,
    arousal: 0.5,
    actionUnits: [{ code: 'AU12', probability: 0.9 }],
    traits: ['close'],
    landmarks: Float32Array.of(1.11, 2.5),
    ...changes,
  };
}

export function explanation(changes: Partial<SessionExplanation> = {}): SessionExplanation {
  return {
    runId: 'r1',
    task: 'emotion',
    time: 1.25,
    outcome: 'done',
    error: null,
    prompt: 'Task: emotion.',
    promptTokens: 80,
    words: [{ text: 'KEEP CALM', score: 0.99, box: { x: 0, y: 0, width: 10, height: 5 } }],
    steps: { observe: 'A face.', cues: 'AU12.', reason: 'It smiles.', answer: 'happiness' },
    evidence: { observe: [], cues: [{ kind: 'scene' }], reason: [], answer: [] },
    answer: {
      text: 'happiness',
      distribution: [
        { option: 'happiness', probability: 0.75 },
        { option: 'fear', probability: 0.25 },
      ],
    },
    tokensPerSecond: 20,
    times: { decode: 900 },
    ...changes,
  };
}

export function session(): Session {
  return {
    app: { version: '0.1.0' },
    model: {
      packId: 'tiny',
      packVersion: '1',
      packHash: 'abc123',
      cueThreshold: 0.5,
      graphs: [
        { graph: 'face-encoder', backend: 'wasm', dtype: 'fp32', times: {} },
        { graph: 'language-model', backend: 'webgpu', dtype: 'q4', times: {} },
      ],
      adapter: 'test gpu',
      threads: 2,
      choices: null,
      notes: [],
    },
    settings: { task: 'emotion', smoothing: 0.4 },
    items: [
      {
        id: 'i1',
        name: 'clip, "best" take.mp4',
        kind: 'video',
        width: 640,
        height: 360,
        readings: [reading(), reading({ faceId: 2, emotion: 'uncertain', actionUnits: [{ code: 'AU06', probability: 0.4 }] })],
        explanations: [explanation()],
      },
    ],
  };
}

/**
 * A video that was read ten times a second: face 1, called Ada, is happy from 0 to 1 s, surprised until 2 s, away until
 * 4 s, and happy again for 0.5 s; face 2 is uncertain from 0 to 1 s. One answer, at 1 s.
 */
export function watched(): Session {
  const readings: Reading[] = [];
  for (let frame = 0; frame < 45; frame += 1) {
    const time = frame / 10;
    const surprised = time >= 1 && time < 2;
    if (time < 2 || time >= 4)
      readings.push(reading({ time, emotion: surprised ? 'surprise' : 'happiness', landmarks: new Float32Array(0) }));
    if (time < 1) readings.push(reading({ faceId: 2, time, emotion: 'uncertain', valence: 0.1, landmarks: new Float32Array(0) }));
  }
  const whole = session();
  const [item] = whole.items as [Session['items'][number]];
  return { ...whole, items: [{ ...item, names: { '1': 'Ada' }, readings, explanations: [explanation({ time: 1 })] }] };
}

/** A stretch to leave out, and a note at 3 s. */
export const marks: Mark[] = [
  { id: 'm1', kind: 'exclude', time: 0.5, end: 1.5, text: '' },
  { id: 'm2', kind: 'text', time: 3, end: null, text: 'a --> b' },
];
