/** A small session for tests. */
import type { Reading } from '../shared/readings.ts';
import type { Session, SessionExplanation } from './session.ts';

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
