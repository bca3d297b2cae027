import { describe, expect, it } from 'vitest';
import { crowded, type FoundFace, followed } from './follow.ts';

const box = { x: 100, y: 60, width: 80, height: 80 };
const landmarks = Float32Array.of(120, 80, 160, 80, 140, 100, 130, 120, 150, 125);
const origin: FoundFace = { box, roll: 0.1, score: 0.9, landmarks };

/** Turned about (140, 100) by `angle`, grown by `growth`, moved. */
const changed = (angle: number, growth: number, dx: number, dy: number): Float32Array =>
  landmarks.map((_, index) => {
    const x = (landmarks[index & ~1] as number) - 140;
    const y = (landmarks[index | 1] as number) - 100;
    const cos = growth * Math.cos(angle);
    const sin = growth * Math.sin(angle);
    return index % 2 === 0 ? 140 + dx + cos * x - sin * y : 100 + dy + sin * x + cos * y;
  });

describe('followed', () => {
  it('moves, grows and turns the box with the points, about the points', () => {
    const face = followed(origin, changed(0.3, 1.2, 20, -5));
    expect(face?.box.width).toBeCloseTo(96, 3);
    expect(face?.box.x).toBeCloseTo(160 - 48, 3); // the box was centred on the turning point
    expect(face?.box.y).toBeCloseTo(95 - 48, 3);
    expect(face?.roll).toBeCloseTo(0.4, 5);
    expect(face?.score).toBe(0.9);
  });

  it('stays where nothing moves, and hardly follows a mouth that opens', () => {
    expect(followed(origin, landmarks)?.box).toEqual(box);
    const open = Float32Array.from(landmarks);
    open[9] = 131;
    expect(Math.abs((followed(origin, open)?.box.y ?? 0) - box.y)).toBeLessThan(3);
  });

  it.each([
    ['grown too much', changed(0, 1.6, 0, 0)],
    ['shrunk too much', changed(0, 0.6, 0, 0)],
    ['gone too far', changed(0, 1, 90, 0)],
    ['collapsed into a point', landmarks.map(() => 50)],
    ['no numbers', landmarks.map(() => Number.NaN)],
    ['of another count', Float32Array.of(1, 2)],
  ])('gives up on points that are %s', (_, points) => {
    expect(followed(origin, points)).toBeNull();
  });
});

it('faces crowd where one lies within half a side of another', () => {
  const at = (x: number) => ({ box: { x, y: 0, width: 40, height: 40 } });
  expect(crowded([at(0), at(100), at(140)])).toBe(false);
  expect(crowded([at(0), at(100), at(15)])).toBe(true);
  expect(crowded([])).toBe(false);
});
