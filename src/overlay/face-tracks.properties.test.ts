import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { holds } from '../../scripts/property.ts';
import { reading } from '../export/session.fixture.ts';
import { LINGER_SECONDS } from './face-covers.ts';
import { FaceTracks } from './face-tracks.ts';

const row = fc.record({
  faceId: fc.integer({ min: 1, max: 4 }),
  tenth: fc.integer({ min: 0, max: 200 }),
  x: fc.integer({ min: 0, max: 900 }),
  size: fc.integer({ min: 5, max: 200 }),
});

/** By `npm run fuzz`: between readings that lie far apart a face was shown beside what covered it. */
const FOUND: [{ faceId: number; tenth: number; x: number; size: number }[], number] = [
  [
    { faceId: 1, tenth: 8, x: 0, size: 5 },
    { faceId: 1, tenth: 2, x: 0, size: 5 },
    { faceId: 1, tenth: 30, x: 0, size: 6 },
  ],
  23,
];

describe('FaceTracks', () => {
  holds(
    'shows each face once, within where it was seen',
    [fc.array(row, { maxLength: 60 }), fc.integer({ min: -10, max: 450 })],
    (rows, at) => {
      const readings = rows.map(({ faceId, tenth, x, size }) =>
        reading({ faceId, time: tenth / 10, box: { x, y: 10, width: size, height: size } }),
      );
      const tracks = new FaceTracks(readings, []);
      // Also at the very moment of a reading, and just after one.
      const moments = readings.slice(0, 3).flatMap(({ time }) => [time, time + 0.03]);
      for (const time of [at / 20, ...moments]) {
        const shown = tracks.at(time);
        expect(new Set(shown.map(({ faceId }) => faceId)).size).toBe(shown.length);
        for (const { faceId, box } of shown) {
          const own = readings.filter((each) => each.faceId === faceId).map((each) => each.box);
          expect(box.x).toBeGreaterThanOrEqual(Math.min(...own.map(({ x }) => x)) - 1e-9);
          expect(box.x + box.width).toBeLessThanOrEqual(Math.max(...own.map(({ x, width }) => x + width)) + 1e-9);
        }
        // Whoever is shown, or was seen within the last second, is covered where faces are hidden; or nobody knows and all of it is.
        const covers = tracks.toCover(time);
        if (covers === null) continue;
        const last = new Map(
          readings
            .filter(({ time: when }) => when <= time)
            .toSorted((a, b) => a.time - b.time)
            .map((each) => [each.faceId, each]),
        );
        // Between two readings it may be anywhere between their places.
        const underway = [1, 2, 3, 4].flatMap((faceId) => {
          const own = readings.filter((each) => each.faceId === faceId).toSorted((a, b) => a.time - b.time);
          const before = own.findLast((each) => each.time <= time);
          const next = own.find((each) => each.time > time);
          if (!before || before.time === time || !next || next.time - before.time > 2 * LINGER_SECONDS) return [];
          const x = Math.min(before.box.x, next.box.x);
          return [{ box: { x, width: Math.max(before.box.x + before.box.width, next.box.x + next.box.width) - x } }];
        });
        const lingering = [...last.values()].filter(({ time: when }) => time - when <= LINGER_SECONDS);
        for (const { box } of [...shown.filter(({ time: when }) => Math.abs(when - time) <= 1e-9), ...lingering, ...underway]) {
          const hidden = covers.some((cover) => cover.x <= box.x + 2e-3 && cover.x + cover.width >= box.x + box.width - 2e-3);
          expect(hidden).toBe(true);
        }
      }
    },
    { cases: [FOUND] },
  );
});
