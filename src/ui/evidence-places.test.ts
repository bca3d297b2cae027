import { expect, test } from 'vitest';
import type { Reading } from '../shared/readings.ts';
import { evidencePlaces, placesOf } from './evidence-places.ts';

const face = (faceId: number, landmarks = new Float32Array(0)): Reading => ({
  faceId,
  time: 0,
  box: { x: 100 * faceId, y: 100, width: 100, height: 100 },
  roll: 0,
  score: 1,
  probabilities: { neutral: 1, happiness: 0, surprise: 0, sadness: 0, anger: 0, disgust: 0, fear: 0, contempt: 0 },
  emotion: 'neutral',
  valence: 0,
  arousal: 0,
  actionUnits: [],
  traits: [],
  landmarks,
});
const line = { text: 'lovely', score: 1, box: { x: 5, y: 6, width: 7, height: 8 } };
const run = { snapshot: { time: 0, width: 640, height: 480, readings: [face(1), face(2)] }, words: [line] };

test('a mouth cue points into the lower half of each face that shows it, and of no other', () => {
  const places = evidencePlaces(run, { kind: 'action-unit', code: 'AU12', faceIds: [2] });
  expect(places).toHaveLength(1);
  const [place] = places;
  expect(place!.x).toBeGreaterThan(200);
  expect(place!.y).toBeGreaterThan(150);
});

test('with landmarks the place is theirs', () => {
  const landmarks = new Float32Array(468 * 2).fill(150);
  const [place] = evidencePlaces(
    { ...run, snapshot: { ...run.snapshot, readings: [face(1, landmarks)] } },
    { kind: 'action-unit', code: 'AU12', faceIds: [1] },
  );
  expect(place).toEqual({ x: 145, y: 145, width: 10, height: 10 });
});

test('words, faces and the scene have their own places; a cue that was measured on no face has none', () => {
  expect(evidencePlaces(run, { kind: 'words', lines: [0, 7] })).toEqual([line.box]);
  expect(evidencePlaces({ ...run, words: null }, { kind: 'words', lines: [] })).toEqual([]);
  expect(evidencePlaces(run, { kind: 'face', faceId: 1 })).toEqual([face(1).box]);
  expect(evidencePlaces(run, { kind: 'scene' })).toEqual([{ x: 0, y: 0, width: 640, height: 480 }]);
  expect(evidencePlaces(run, { kind: 'action-unit', code: 'AU12', faceIds: [] })).toEqual([]);
});

test('a step points at all that it speaks of, each once, and at the whole scene only where there is nothing nearer', () => {
  const mouth = { kind: 'action-unit', code: 'AU12', faceIds: [1, 2] } as const;
  const cue = { ...mouth, faceIds: [...mouth.faceIds] };
  const lips = { ...cue, code: 'AU25' };
  const face2 = { kind: 'face', faceId: 2 } as const;
  const scene = { kind: 'scene' } as const;
  expect(placesOf(run, [cue, lips, face2, scene])).toEqual([...evidencePlaces(run, cue), ...evidencePlaces(run, face2)]);
  expect(placesOf(run, [scene])).toEqual(evidencePlaces(run, scene));
  expect(placesOf(run, [])).toEqual([]);
});
