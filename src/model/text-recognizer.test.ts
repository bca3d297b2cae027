import { expect, test } from 'vitest';
import type { Picture } from './image.ts';
import { fakeRunner } from './runner.fixture.ts';
import { decodeCtc, TextRecognizer } from './text-recognizer.ts';

/** One row of probabilities a step: `best` has 0.8, the others share the rest. */
const steps = (classes: number, ...best: number[]): Float32Array =>
  Float32Array.from(best.flatMap((index) => Array.from({ length: classes }, (_, k) => (k === index ? 0.8 : 0.2 / (classes - 1)))));

test('greedy CTC: repeats fall together, a blank keeps doubles apart', () => {
  const characters = [null, 'h', 'e', 'l', 'o', ' '];
  const { text, score } = decodeCtc(steps(6, 1, 1, 0, 2, 3, 3, 0, 3, 4, 0, 5), characters);
  expect(text).toBe('hello');
  expect(score).toBeCloseTo(0.8);
  expect(decodeCtc(steps(6, 0, 0), characters)).toEqual({ text: '', score: 0 });
});

test('a dictionary of the wrong length is told', () => {
  expect(() => decodeCtc(new Float32Array(14), [null, 'a', ' '])).toThrow(/14/);
});

const picture: Picture = { width: 300, height: 200, data: new Uint8ClampedArray(300 * 200 * 4).fill(255) };

test('lines are read at their own width; what is unsure is left out; boxes stand upright about the words', async () => {
  const dims: (readonly number[])[] = [];
  const runner = fakeRunner({ x: ['N', 3, 48, 'W'] }, (inputs) => {
    dims.push(inputs.x?.dims ?? []);
    // Output 3 of [blank, a, b, space] is never sure: the second line is dropped.
    return { probabilities: dims.length === 2 ? Float32Array.of(0.3, 0.4, 0.2, 0.1) : steps(4, 1, 2) };
  });
  const recognizer = new TextRecognizer(
    runner,
    { graph: 'text-recognizer', height: 48, maxWidth: 640, dictionary: 'dictionary.txt', scoreThreshold: 0.5 },
    'a\nb\n',
  );
  const lying = { centreX: 100, centreY: 50, width: 100, height: 20, roll: 0 };
  const lines = await recognizer.read(picture, [lying, lying, { ...lying, centreX: 250, centreY: 100, width: 20, height: 100 }]);
  expect(lines.map(({ text }) => text)).toEqual(['ab', 'ab']);
  expect(lines[0]?.box).toEqual({ x: 50, y: 40, width: 100, height: 20 });
  expect(lines[1]?.box).toEqual({ x: 240, y: 50, width: 20, height: 100 });
  // 48 · 100 / 20 = 240, padded to 256; the line that runs downwards is laid down first.
  expect(dims).toEqual([
    [1, 3, 48, 256],
    [1, 3, 48, 256],
    [1, 3, 48, 256],
  ]);
});
