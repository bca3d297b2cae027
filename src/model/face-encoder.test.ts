import { describe, expect, test } from 'vitest';
import { calibrate, FaceEncoder, topEmotion, writeGreyValues } from './face-encoder.ts';
import type { PackManifest } from './manifest.ts';
import { fakeRunner } from './runner.fixture.ts';

const labels: PackManifest['faceEncoder']['labels'] = [
  'contempt',
  'neutral',
  'happiness',
  'surprise',
  'sadness',
  'anger',
  'disgust',
  'fear',
];
const entry: PackManifest['faceEncoder'] = {
  graph: 'face-encoder',
  size: 4,
  cropScale: 1.25,
  cropShift: [0, -0.1],
  minDeviation: 8,
  labels,
  flip: true,
  int8: false,
  temperature: 2,
  uncertainBelow: 0.4,
  circumplex: labels.map((label) => (label === 'happiness' ? [1, 0.5] : [0, 0])),
  circumplexSource: 'test',
};
const half = { width: 40, height: 40, data: Uint8ClampedArray.from({ length: 40 * 40 * 4 }, (_, i) => ((i >> 2) % 40 < 20 ? 0 : 255)) };

describe('encode', () => {
  test('one run for all faces: mirrored crops are averaged in, tokens are of the crop as it is', async () => {
    // "happiness" scores the top left pixel value, tokens are each crop's first two pixels.
    const runner = fakeRunner({ pixel_values: ['N', 1, 4, 4] }, ({ pixel_values }) => {
      const { data = new Float32Array(), dims = [] } = pixel_values ?? {};
      const crops = Array.from({ length: dims[0] ?? 0 }, (_, i) => data.subarray(i * 16, (i + 1) * 16));
      return {
        logits: crops.flatMap((crop) => labels.map((label) => (label === 'happiness' ? (crop[0] ?? 0) * 4 : 0))),
        face_tokens: crops.flatMap((crop) => [crop[0] ?? 0, crop[3] ?? 0]),
      };
    });
    const encoder = new FaceEncoder(runner, entry);
    const whole = encoder.regionOf(encoder.boxOfCrop(half), 0);
    const white = { centreX: 32, centreY: 20, width: 8, height: 8, roll: 0 };
    const [first, second] = await encoder.encode(half, [whole, white], { mirrored: true });
    expect(runner.runs).toBe(1);
    expect(runner.open).toBe(0);
    // Left black, right white: −1 and +1; crop and mirror cancel out.
    expect(Array.from(first?.tokens ?? [])).toEqual([-1, 1]);
    expect(first?.probabilities.happiness).toBeCloseTo(1 / 8);
    // A flat crop has nothing in it, and no deviation to blow up.
    expect(Array.from(second?.tokens ?? [])).toEqual([0, 0]);
    expect(await encoder.encode(half, [])).toEqual([]);
    // As it is, unless the mirror image is asked for; and where the pack has no use for it, asked or not.
    const asItIs = 1 / (1 + 7 * Math.exp(2));
    expect((await encoder.encode(half, [whole]))[0]?.probabilities.happiness).toBeCloseTo(asItIs);
    const without = new FaceEncoder(runner, { ...entry, flip: false });
    expect((await without.encode(half, [whole], { mirrored: true }))[0]?.probabilities.happiness).toBeCloseTo(asItIs);
  });
});

test('a picture that is a crop already has the box whose crop it is', () => {
  const encoder = new FaceEncoder(
    fakeRunner({ pixel_values: ['N', 1, 4, 4] }, () => ({})),
    entry,
  );
  const box = encoder.boxOfCrop({ width: 48, height: 48 });
  expect(box.width).toBeCloseTo(48 / 1.25);
  const region = encoder.regionOf(box, 0);
  expect([region.centreX, region.centreY, region.width].map((value) => Math.round(value * 1000) / 1000)).toEqual([24, 24, 48]);
});

test('probabilities follow the pack’s label order and temperature; valence and arousal are their expectation', () => {
  const logits = labels.map((label) => (label === 'happiness' ? 2 * Math.log(7) : 0));
  const { probabilities, valence, arousal } = calibrate(logits, entry);
  expect(probabilities.happiness).toBeCloseTo(0.5);
  expect(probabilities.fear).toBeCloseTo(0.5 / 7);
  expect(Object.values(probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1);
  expect([valence, arousal]).toEqual([expect.closeTo(0.5), expect.closeTo(0.25)]);
});

test('a top probability below the threshold is uncertain', () => {
  const { probabilities } = calibrate(
    labels.map((label) => (label === 'anger' ? 4 : 0)),
    entry,
  );
  expect(topEmotion(probabilities, 0.4)).toBe('anger');
  expect(topEmotion(probabilities, 0.9)).toBe('uncertain');
});

test('grey values have mean 0 and deviation 1, and weigh the channels as eyes do', () => {
  const out = new Float32Array(4);
  const data = Uint8ClampedArray.of(255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 0, 0, 0, 255);
  writeGreyValues({ width: 2, height: 2, data }, 8, out);
  expect(out.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5);
  expect(Math.sqrt(out.reduce((sum, value) => sum + value * value, 0) / 4)).toBeCloseTo(1, 5);
  expect(Array.from(out.keys()).sort((a, b) => (out[b] ?? 0) - (out[a] ?? 0))).toEqual([1, 0, 2, 3]);
});
