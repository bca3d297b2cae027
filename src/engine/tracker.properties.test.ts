import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { holds } from '../../scripts/property.ts';
import { Tracker } from './tracker.ts';

const coordinate = fc.integer({ min: -200, max: 2000 });
const face = fc.record({ x: coordinate, y: coordinate, width: fc.integer({ min: 1, max: 400 }), height: fc.integer({ min: 1, max: 400 }) });
const frames = fc.array(
  fc.record({ faces: fc.array(face, { maxLength: 8 }), step: fc.integer({ min: -20, max: 40 }), cut: fc.boolean() }),
  { maxLength: 12 },
);
/** Sides so long and places so near that who is who has to be weighed, and no two chances alike. */
const within = (most: number) => fc.noBias(fc.integer({ min: 0, max: 1_000_000 })).map((share) => (share * most) / 1_000_000);
const jostling = fc.record({
  x: within(400),
  y: within(400),
  width: within(40).map((each) => 80 + each),
  height: within(40).map((each) => 80 + each),
});
const crowds = fc.array(
  fc.record({ faces: fc.array(jostling, { maxLength: 6 }), step: fc.integer({ min: 1, max: 10 }), cut: fc.constant(false) }),
  { maxLength: 8 },
);
const seen = (boxes: readonly { x: number; y: number; width: number; height: number }[]) => boxes.map((box) => ({ box, appearance: null }));

describe('Tracker', () => {
  holds('gives every face of a frame an id of its own, from 1 on', [frames], (film) => {
    const tracker = new Tracker();
    let time = 0;
    for (const { faces, step, cut } of film) {
      time += step / 20;
      const ids = tracker.update(seen(faces), time, cut);
      expect(ids).toHaveLength(faces.length);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(Number.isInteger(id) && id >= 1).toBe(true);
    }
  });

  holds('leaves a face that stays where it is its id, whoever comes and goes elsewhere', [frames], (film) => {
    const tracker = new Tracker();
    const ids = new Set<number>();
    let time = 0;
    for (const { faces, step } of film) {
      time += Math.abs(step) / 50;
      const [id = 0] = tracker.update(seen([{ x: 9000, y: 9000, width: 50, height: 50 }, ...faces]), time);
      ids.add(id);
    }
    expect(ids.size).toBe(Math.min(1, film.length));
  });

  holds(
    'does not mind in which order the faces of a frame are found',
    [fc.oneof(frames, crowds), fc.array(fc.nat(), { minLength: 1 })],
    (film, order) => {
      const [tracker, other] = [new Tracker(), new Tracker()];
      const same = new Map<number, number>();
      let time = 0;
      for (const { faces, step, cut } of film) {
        time += step / 20;
        // Two in one place are not to be told apart.
        const apart = faces.filter((each, index) => faces.findIndex((one) => one.x === each.x && one.y === each.y) === index);
        const turned = apart
          .map((each, index) => ({ each, key: (order[index % order.length] ?? 0) * 31 + ((index * 7) % 5) }))
          .sort((a, b) => a.key - b.key);
        const ids = tracker.update(seen(apart), time, cut);
        const others = other.update(seen(turned.map(({ each }) => each)), time, cut);
        for (const [index, id] of ids.entries()) {
          const there = others[turned.findIndex(({ each }) => each === apart[index])] ?? 0;
          // Newcomers are numbered as they are found: the numbers differ, who is who does not.
          expect(same.get(id) ?? there).toBe(there);
          same.set(id, there);
        }
      }
    },
  );
});
