import { describe, expect, test } from 'vitest';
import type { Region } from './image.ts';
import { fakeRunner } from './runner.fixture.ts';
import { findTextRegions, readingOrder, TextDetector } from './text-detector.ts';

const entry = { pixelThreshold: 0.3, boxThreshold: 0.5, unclipRatio: 1.6 };

/** A map with `value` inside a turned bar. */
function bar(
  width: number,
  height: number,
  region: Region,
  value: number,
  map: Float32Array = new Float32Array(width * height),
): Float32Array {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = x - region.centreX;
      const dy = y - region.centreY;
      const u = Math.cos(region.roll) * dx + Math.sin(region.roll) * dy;
      const v = Math.cos(region.roll) * dy - Math.sin(region.roll) * dx;
      if (Math.abs(u) <= region.width / 2 && Math.abs(v) <= region.height / 2) map[y * width + x] = value;
    }
  }
  return map;
}

describe('regions of a probability map', () => {
  test('a tilted line is found with its tilt, and grown by area · ratio / perimeter on each side', () => {
    const line = { centreX: 100, centreY: 60, width: 120, height: 12, roll: 0.3 };
    const [found, ...others] = findTextRegions(bar(200, 120, line, 0.9), 200, 120, entry);
    expect(others).toEqual([]);
    expect(found?.roll).toBeCloseTo(0.3, 1);
    expect(Math.hypot((found?.centreX ?? 0) - 100, (found?.centreY ?? 0) - 60)).toBeLessThan(1.5);
    const grow = (120 * 12 * 1.6) / (2 * (120 + 12));
    expect(Math.abs((found?.width ?? 0) - (120 + 2 * grow))).toBeLessThan(4);
    expect(Math.abs((found?.height ?? 0) - (12 + 2 * grow))).toBeLessThan(4);
    expect(found?.score).toBeGreaterThan(0.7);
  });

  test('faint marks and specks are no lines', () => {
    const faint = { centreX: 50, centreY: 20, width: 60, height: 10, roll: 0 };
    const speck = { centreX: 50, centreY: 70, width: 1, height: 1, roll: 0 };
    expect(findTextRegions(bar(100, 100, speck, 0.9, bar(100, 100, faint, 0.4)), 100, 100, entry)).toEqual([]);
  });

  test('two lines are two, in reading order', () => {
    const map = bar(100, 100, { centreX: 50, centreY: 70, width: 60, height: 8, roll: 0 }, 0.9);
    bar(100, 100, { centreX: 50, centreY: 30, width: 60, height: 8, roll: 0 }, 0.8, map);
    const lines = readingOrder(findTextRegions(map, 100, 100, entry));
    expect(lines.map(({ centreY }) => Math.round(centreY / 10))).toEqual([3, 7]);
  });
});

describe('reading order', () => {
  const at = (centreX: number, centreY: number, width = 60): Region => ({ centreX, centreY, width, height: 20, roll: 0 });
  const places = (regions: Region[]) => readingOrder(regions).map(({ centreX, centreY }) => `${centreX},${centreY}`);

  test('rows go top to bottom, words in a row left to right, although their heights differ a little', () => {
    expect(places([at(190, 98), at(50, 102), at(120, 100), at(100, 75, 180), at(60, 125)])).toEqual([
      '100,75',
      '50,102',
      '120,100',
      '190,98',
      '60,125',
    ]);
  });

  test('two columns do not mix; what stands apart below comes last', () => {
    expect(places([at(50, 20), at(200, 22), at(50, 45), at(200, 47), at(120, 150)])).toEqual([
      '50,20',
      '50,45',
      '200,22',
      '200,47',
      '120,150',
    ]);
  });
});

test('lines come back in px of the picture; the network sees multiples of 32, small pictures twice as large', async () => {
  let dims: readonly number[] = [];
  const runner = fakeRunner({ x: [1, 3, 'H', 'W'] }, (inputs) => {
    dims = inputs.x?.dims ?? [];
    const [, , height = 0, width = 0] = dims;
    return { map: bar(width, height, { centreX: width / 2, centreY: height / 4, width: width / 2, height: 20, roll: 0 }, 0.9) };
  });
  const half = [0.5, 0.5, 0.5];
  const detector = new TextDetector(runner, { graph: 'text-detector', maxSide: 736, mean: half, std: half, ...entry });
  const [line] = await detector.detect({ width: 250, height: 200, data: new Uint8ClampedArray(250 * 200 * 4) });
  expect(dims).toEqual([1, 3, 416, 512]);
  expect(Math.abs((line?.centreX ?? 0) - 125)).toBeLessThan(2);
  expect(Math.abs((line?.centreY ?? 0) - 50)).toBeLessThan(2);
  await detector.detect({ width: 2000, height: 500, data: new Uint8ClampedArray(2000 * 500 * 4) });
  expect(dims).toEqual([1, 3, 192, 736]);
});
