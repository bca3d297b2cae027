import { expect, test } from 'vitest';
import type { FacesShown } from '../shared/overlay.ts';
import type { FaceBox } from '../shared/readings.ts';
import { CoverPainter } from './cover-painter.ts';
import { recordingSurface } from './surface.fixture.ts';

const face = { x: 300, y: 200, width: 100, height: 100 };

/** What was drawn on the frame, and the sizes of the small canvases that stood between. */
function covered(faces: FaceBox[] | null, shown: FacesShown, hasScratch = true) {
  const { surface, calls } = recordingSurface();
  const scratches: { width: number; height: number }[] = [];
  const taken: unknown[][] = [];
  const painter = new CoverPainter((size) => {
    scratches.push(size);
    const context = {
      drawImage: (...args: unknown[]) => void taken.push(args),
      imageSmoothingEnabled: false,
      imageSmoothingQuality: 'low' as const,
    };
    return { canvas: 'small' as unknown as CanvasImageSource, context: hasScratch ? (context as never) : null };
  });
  painter.cover({ surface, canvas: 'frame' as unknown as CanvasImageSource, size: { width: 800, height: 600 } }, faces, shown);
  return { calls, scratches, taken, drawn: calls.filter(({ name }) => name === 'drawImage').map(({ args }) => args) };
}

test('faces as they are: nothing is drawn', () => {
  expect(covered([face], 'as-they-are').calls).toEqual([]);
  expect(covered(null, 'as-they-are').calls).toEqual([]);
});

test('a blurred head goes through so few cells that hardly four are left for the face', () => {
  const { scratches, taken, drawn } = covered([face], 'blurred');
  const [cells] = scratches;
  expect(Math.max(cells?.width ?? 0, cells?.height ?? 0)).toBe(8);
  expect(taken).toEqual([['frame', 260, 145, 180, 195, 0, 0, cells?.width, cells?.height]]);
  expect(drawn).toEqual([['small', 0, 0, cells?.width, cells?.height, 260, 145, 180, 195]]);
});

test('a box is opaque and covers the same place', () => {
  const { calls, drawn } = covered([face], 'boxes');
  expect(calls.find(({ name }) => name === 'roundRect')?.args.slice(0, 4)).toEqual([260, 145, 180, 195]);
  expect(calls.find(({ name }) => name === 'fill')?.fillStyle).toMatch(/^#[0-9a-f]{6}$/);
  expect(drawn).toEqual([]);
});

test('where the faces are is not known: all of the frame is covered', () => {
  const blurred = covered(null, 'blurred');
  expect(blurred.scratches).toEqual([{ width: 10, height: 8 }]);
  expect(blurred.drawn).toEqual([['small', 0, 0, 10, 8, 0, 0, 800, 600]]);
  expect(covered(null, 'boxes').calls.find(({ name }) => name === 'roundRect')?.args).toEqual([0, 0, 800, 600, 0]);
  expect(covered([], 'blurred').calls).toEqual([]);
});

test('out of canvases, a box takes the place of the blur', () => {
  const { calls, drawn } = covered([face], 'blurred', false);
  expect(drawn).toEqual([]);
  expect(calls.map(({ name }) => name)).toContain('fill');
});

test('a face at the edge of the frame is covered as far as the frame goes', () => {
  expect(covered([{ x: 760, y: 560, width: 100, height: 100 }], 'blurred').drawn[0]?.slice(5)).toEqual([720, 505, 80, 95]);
});

test('a face that fills the frame is no finer than one within it', () => {
  // Head 1440 × 1560: eight cells across all of it, and so four across the 800 px of the frame.
  expect(covered([{ x: 0, y: -100, width: 800, height: 800 }], 'blurred').scratches).toEqual([{ width: 4, height: 3 }]);
});
