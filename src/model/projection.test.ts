import { expect, test } from 'vitest';
import { Projection } from './projection.ts';
import { type FakeRun, fakeRunner } from './runner.fixture.ts';

test('the largest faces go in first, with boxes over the picture’s sides; the rest is masked zeros', async () => {
  let seen: Record<string, FakeRun> = {};
  const runner = fakeRunner({ scene_tokens: [1, 49, 3], face_tokens: [1, 6, 2], face_boxes: [1, 3, 4], face_mask: [1, 3] }, (inputs) => {
    seen = inputs;
    return { image_embeddings: [1, 2, 3, 4] };
  });
  const projection = new Projection(runner, { graph: 'projection', imageTokens: 2, maxFaces: 3, faceTokens: 2 });
  const faces = [
    { box: { x: 0, y: 0, width: 10, height: 10 }, tokens: Float32Array.of(1, 1, 1, 1) },
    { box: { x: 100, y: 50, width: 40, height: 20 }, tokens: Float32Array.of(2, 2, 2, 2) },
  ];
  const embeddings = await projection.project(new Float32Array(49 * 3), faces, { width: 200, height: 100 });
  expect(Array.from(embeddings)).toEqual([1, 2, 3, 4]);
  expect(Array.from(seen.face_tokens?.data ?? [])).toEqual([2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0]);
  expect(Array.from(seen.face_boxes?.data.subarray(0, 4) ?? [])).toEqual([0.6, 0.6, 0.2, 0.2].map(Math.fround));
  expect(Array.from(seen.face_mask?.data ?? [])).toEqual([1, 1, 0]);
  expect(runner.open).toBe(0);
});

test('more faces than there is room for: the smallest stay out', async () => {
  let mask: number[] = [];
  let tokens: number[] = [];
  const runner = fakeRunner({ scene_tokens: [1, 49, 1], face_tokens: [1, 2, 1], face_boxes: [1, 2, 4], face_mask: [1, 2] }, (inputs) => {
    mask = Array.from(inputs.face_mask?.data ?? []);
    tokens = Array.from(inputs.face_tokens?.data ?? []);
    return { image_embeddings: [0] };
  });
  const projection = new Projection(runner, { graph: 'projection', imageTokens: 1, maxFaces: 2, faceTokens: 1 });
  const faces = [30, 10, 20].map((side) => ({ box: { x: 0, y: 0, width: side, height: side }, tokens: Float32Array.of(side) }));
  await projection.project(new Float32Array(49), faces, { width: 100, height: 100 });
  expect([mask, tokens]).toEqual([
    [1, 1],
    [30, 20],
  ]);
});
