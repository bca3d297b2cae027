import { describe, expect, test } from 'vitest';
import { anchorCentres, blendOverlapping, type DetectedFace, detectFaces, FaceDetector, mergeScales, tileLevels } from './face-detector.ts';
import type { Picture } from './image.ts';
import { fakeRunner } from './runner.fixture.ts';

const short = {
  graph: 'face-detector-short' as const,
  size: 128,
  layers: [
    { stride: 8, anchors: 2 },
    { stride: 16, anchors: 6 },
  ],
  mean: 0.5,
  std: 0.5,
  scoreThreshold: 0.5,
  iouThreshold: 0.3,
};
const full = { ...short, graph: 'face-detector-full' as const, size: 192, layers: [{ stride: 4, anchors: 1 }] };

const blank = (width: number, height: number): Picture => ({ width, height, data: new Uint8ClampedArray(width * height * 4) });
const face = (x: number, y: number, size: number, score: number): DetectedFace => ({
  box: { x, y, width: size, height: size },
  score,
  roll: 0,
  keypoints: new Float32Array(12),
});

/** A detector whose graph sees one face at one anchor, `size` px of its square, its eyes tilted by 45°. */
function detectorSeeing(entry: typeof short | typeof full, anchor: number | null, size = 40) {
  const anchors = anchorCentres(entry).length / 2;
  const runner = fakeRunner({ input: [1, entry.size, entry.size, 3] }, () => {
    const boxes = new Float32Array(anchors * 16);
    const scores = new Float32Array(anchors).fill(-200);
    if (anchor !== null) {
      boxes.set([0, 0, size, size, -10, -10, 10, 10], anchor * 16);
      scores[anchor] = 3;
    }
    return { boxes, scores };
  });
  return { runner, detector: new FaceDetector(runner, entry) };
}

test('anchors: as many as BlazeFace has, row by row', () => {
  expect(anchorCentres(short).length / 2).toBe(896);
  expect(anchorCentres(full).length / 2).toBe(2304);
  expect(Array.from(anchorCentres(short).subarray(0, 6))).toEqual([0.5 / 16, 0.5 / 16, 0.5 / 16, 0.5 / 16, 1.5 / 16, 0.5 / 16]);
});

test('a face comes back in px of the picture, with its tilt', async () => {
  // Anchor 272: row 8, column 8 of the 16×16 grid: centre (68, 68) of 128 px; the 640×320 picture fills rows 32 to 96.
  const { detector, runner } = detectorSeeing(short, 272);
  const [found, ...others] = await detector.detect(blank(640, 320));
  expect(others).toEqual([]);
  expect(found?.box).toEqual({ x: (68 - 20) * 5, y: (68 - 32 - 20) * 5, width: 200, height: 200 });
  expect(found?.roll).toBeCloseTo(Math.PI / 4);
  expect(found?.score).toBeCloseTo(0.953, 2);
  expect(runner.open).toBe(0);
});

test('overlapping boxes are averaged by score, others are left alone', () => {
  const blended = blendOverlapping([face(0, 0, 10, 0.9), face(2, 0, 10, 0.6), face(50, 50, 10, 0.7)], 0.3);
  expect(blended.map(({ box, score }) => [Math.round(box.x * 100) / 100, score])).toEqual([
    [0.8, 0.9],
    [50, 0.7],
  ]);
});

test('what several scales found is one face: the likeliest box, also where one lies inside the other', () => {
  const merged = mergeScales([face(0, 0, 100, 0.6), face(5, 5, 90, 0.9), face(20, 20, 40, 0.7), face(300, 0, 50, 0.5)]);
  expect(merged.map(({ score }) => score)).toEqual([0.9, 0.5]);
});

describe('which detectors run', () => {
  test('live: a large face leaves the full range out', async () => {
    const near = detectorSeeing(short, 272);
    const far = detectorSeeing(full, 0);
    await detectFaces(near.detector, far.detector, blank(640, 360), 'live');
    expect([near.runner.runs, far.runner.runs]).toEqual([1, 0]);
  });

  test('live: nothing, a small face or a large picture bring it in', async () => {
    for (const [anchor, size, width] of [
      [null, 0, 640],
      [272, 12, 640],
      [272, 40, 1920],
    ] as const) {
      const near = detectorSeeing(short, anchor, size);
      const far = detectorSeeing(full, null);
      await detectFaces(near.detector, far.detector, blank(width, 360), 'live');
      expect(far.runner.runs).toBe(1);
    }
  });

  test('search: tiles where nobody or a small face is found in a large picture, the coarsest alone; of a group with specks the next, too', async () => {
    const [coarse = [], next = []] = tileLevels({ width: 1280, height: 720 }, 192);
    for (const [anchor, size, width, height, lately, runs] of [
      [null, 0, 1280, 720, 0, 1 + coarse.length],
      [272, 8, 1280, 720, 30, 1 + coarse.length], // 80 px
      [272, 20, 1280, 720, 30, 1], // 200 px
      [null, 0, 640, 360, 0, 1],
      [272, 3, 1280, 720, 3, 1 + coarse.length], // 30 px
      [272, 3, 1280, 720, 4, 1 + coarse.length + next.length],
    ] as const) {
      const far = detectorSeeing(full, null);
      const near = detectorSeeing(short, anchor, size);
      await detectFaces(near.detector, far.detector, blank(width, height), 'search', { smallBelow: 0.1, lately });
      expect(far.runner.runs).toBe(runs);
    }
  });

  test('still: a portrait is not searched in tiles, a picture of nobody is', async () => {
    const picture = blank(900, 900);
    const portrait = detectorSeeing(full, null);
    await detectFaces(detectorSeeing(short, 272, 60).detector, portrait.detector, picture, 'still');
    expect(portrait.runner.runs).toBe(1);
    const nobody = detectorSeeing(full, null);
    await detectFaces(detectorSeeing(short, null).detector, nobody.detector, picture, 'still');
    expect(nobody.runner.runs).toBe(1 + tileLevels(picture, 192).flat().length);
  });
});

test('tiles cover the picture, share a third, and stay as large as the detector', () => {
  const size = { width: 2000, height: 900 };
  const levels = tileLevels(size, 192);
  expect(levels.length).toBe(2);
  for (const level of levels) {
    const xs = [...new Set(level.map(({ x }) => x))];
    const side = level[0]?.width ?? 0;
    expect(side).toBeGreaterThanOrEqual(192);
    expect([xs[0], (xs.at(-1) ?? 0) + side]).toEqual([0, size.width]);
    for (const [i, x] of xs.entries()) if (i > 0) expect(x - (xs[i - 1] ?? 0)).toBeLessThanOrEqual((side * 2) / 3 + 1);
  }
  expect(tileLevels({ width: 160, height: 160 }, 192)).toEqual([]);
});
