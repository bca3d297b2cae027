import { expect, test } from 'vitest';
import { fakeRunner } from './runner.fixture.ts';
import { SceneEncoder } from './scene-encoder.ts';

test('the picture is squeezed to the square and normalised by channel', async () => {
  let values: number[] = [];
  const runner = fakeRunner({ pixel_values: [1, 3, 4, 4] }, (inputs) => {
    values = [0, 16, 32].map((at) => inputs.pixel_values?.data[at + 5] ?? 0);
    return { patch_tokens: [7, 8], affect: [-0.5, 0.25] };
  });
  const picture = { width: 30, height: 10, data: Uint8ClampedArray.from({ length: 1200 }, (_, i) => [255, 51, 0, 255][i % 4] ?? 0) };
  const encoder = new SceneEncoder(runner, { graph: 'scene-encoder', size: 4, mean: [0.5, 0.2, 0.1], std: [0.5, 1, 0.1] });
  const scene = await encoder.encode(picture);
  expect(values).toEqual([expect.closeTo(1), expect.closeTo(0), expect.closeTo(-1)]);
  expect([Array.from(scene.tokens), scene.valence, scene.arousal]).toEqual([[7, 8], -0.5, 0.25]);
});
