import { expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import { boxesToCover, headOf, withinFrame } from './face-covers.ts';

const at = (faceId: number, time: number, x: number) => reading({ faceId, time, box: { x, y: 0, width: 10, height: 10 } });
const spans = (boxes: { x: number; width: number }[]) => boxes.map(({ x, width }) => [x, x + width]);

test('a head reaches well beyond the face, most of all above it', () => {
  const head = headOf({ x: 100, y: 100, width: 100, height: 200 });
  expect(head.x).toBeCloseTo(60);
  expect(head.x + head.width).toBeCloseTo(240);
  expect(100 - head.y).toBeCloseTo(110);
  expect(head.y + head.height).toBeCloseTo(380);
});

test('a cover is cut to whole px of the frame, and none is left outside of it', () => {
  const frame = { width: 100, height: 80 };
  expect(withinFrame({ x: -5.5, y: 70.2, width: 20, height: 30 }, frame)).toEqual({ x: 0, y: 70, width: 15, height: 10 });
  expect(withinFrame({ x: 120, y: 0, width: 20, height: 30 }, frame)).toBeNull();
});

test('a face that is not found for a moment stays covered for a second', () => {
  const before = [at(1, 4, 100), at(1, 4.2, 110), at(2, 3, 500), at(2, 4.2, 510)];
  expect(spans(boxesToCover([at(2, 5, 520)], before, 5))).toEqual([
    [520, 530],
    [110, 120],
  ]);
  expect(spans(boxesToCover([at(2, 5.3, 520)], before, 5.3))).toEqual([[520, 530]]);
});

test('readings that are older than the frame cover all up to where the face is next', () => {
  expect(spans(boxesToCover([at(1, 5, 100)], [at(1, 5, 100), at(1, 5.5, 160)], 5.2))).toEqual([[100, 170]]);
  // And one that comes next is covered before it is found.
  expect(spans(boxesToCover([], [at(1, 5.5, 160)], 5.2))).toEqual([[160, 170]]);
});
