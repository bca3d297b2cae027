import { expect, test } from 'vitest';
import { LANDMARK_COUNT, LandmarkFinder } from './landmarks.ts';
import { fakeRunner } from './runner.fixture.ts';

const entry = { graph: 'face-landmarks' as const, size: 192, cropScale: 1.5, presenceThreshold: 0.5, eyeCorners: [33, 263] };
const picture = { width: 400, height: 300, data: new Uint8ClampedArray(400 * 300 * 4) };

/** All landmarks on the middle of the crop's right edge. */
const finderWith = (presence: number) =>
  new LandmarkFinder(
    fakeRunner({ input_1: [1, 192, 192, 3] }, () => ({
      presence: [presence],
      mesh: Array.from({ length: LANDMARK_COUNT * 3 }, (_, i) => [192, 96, 0][i % 3] ?? 0),
    })),
    entry,
  );

test('landmarks come back in px of the picture, turned with the face', async () => {
  const finder = finderWith(4);
  // A face of 100 px about (200, 150), turned a quarter: the crop's right edge is 75 px below its centre.
  const found = await finder.find(picture, finder.regionOf({ x: 150, y: 100, width: 100, height: 80 }, Math.PI / 2));
  expect(found?.points.length).toBe(936);
  expect(found?.points[0]).toBeCloseTo(200, 3);
  expect(found?.points[1]).toBeCloseTo(140 + 75, 3);
  expect(found?.presence).toBeCloseTo(0.982, 3);
});

test('no landmarks where the graph sees no face', async () => {
  const finder = finderWith(-1);
  expect(await finder.find(picture, finder.regionOf({ x: 0, y: 0, width: 50, height: 50 }, 0))).toBeNull();
});
