import { expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import { LiveFaceIds } from './live-face-ids.ts';

const left = { x: 10, y: 10, width: 40, height: 40 };
const right = { x: 200, y: 10, width: 40, height: 40 };
const far = { x: 400, y: 10, width: 40, height: 40 };
const face = (faceId: number, time: number, box = left) => reading({ faceId, time, box });
const idsOf = (readings: readonly { faceId: number }[]) => readings.map(({ faceId }) => faceId);

test('ids stay as the tracker gives them until another one counts', () => {
  expect(idsOf(new LiveFaceIds().of('camera', [face(3, 1)]))).toEqual([3]);
});

test('who sits where a face sat on the last frames is that one; a newcomer comes after all that there were', () => {
  const ids = new LiveFaceIds();
  // Face 4 was missed on the last frame, when face 2 had come.
  ids.goOn('camera', [face(4, 1, far), face(1, 1, left), face(1, 2, left), face(2, 2, right)]);
  expect(idsOf(ids.of('camera', [face(1, 9, right), face(2, 9, left)]))).toEqual([2, 1]);
  expect(idsOf(ids.of('camera', [face(1, 10, right), face(2, 10, left), face(3, 10, far)]))).toEqual([2, 1, 4]);
  expect(idsOf(ids.of('camera', [face(4, 11, { ...far, x: 800 })]))).toEqual([5]);
});

test('after a minute, and for a job’s faces, a place says nothing', () => {
  const ids = new LiveFaceIds();
  ids.goOn('camera', [face(1, 2)]);
  expect(idsOf(ids.of('camera', [face(1, 62)]))).toEqual([2]);
  ids.behind('video', [face(1, 2)]);
  expect(idsOf(ids.of('video', [face(1, 2)]))).toEqual([2]);
});

test('who is alone is who was alone, wherever that one has moved; not if nearer by far, and not if two were there', () => {
  const alone = [face(1, 1, left), face(1, 2, left)];
  const after = (known: ReturnType<typeof face>[], ...seen: ReturnType<typeof face>[]) => {
    const ids = new LiveFaceIds();
    ids.goOn('camera', known);
    return idsOf(ids.of('camera', seen));
  };
  expect(after(alone, face(1, 9, far))).toEqual([1]);
  expect(after(alone, face(1, 9, { ...far, width: 90, height: 90 }))).toEqual([2]);
  expect(after(alone, face(1, 9, right), face(2, 9, far))).toEqual([2, 3]);
  expect(after([...alone, face(2, 2, right)], face(1, 9, far))).toEqual([3]);
  // A newcomer beside the one who has been recognised is nobody who was there.
  const ids = new LiveFaceIds();
  ids.goOn('camera', alone);
  expect(idsOf(ids.of('camera', [face(1, 9, far)]))).toEqual([1]);
  expect(idsOf(ids.of('camera', [face(2, 10, right)]))).toEqual([2]);

  // Within the first second the tracker may have lost it, while the thread was loading.
  ids.goOn('camera', alone);
  expect(idsOf(ids.of('camera', [face(1, 9, far)]))).toEqual([1]);
  expect(idsOf(ids.of('camera', [face(2, 9.8, right)]))).toEqual([1]);
});
