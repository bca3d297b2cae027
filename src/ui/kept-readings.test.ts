import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import type { SessionReading } from '../export/session.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import { KeptReadings } from './kept-readings.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const px = fc.double({ min: -500, max: 9000, noNaN: true });
const affect = fc.record({
  probabilities: fc.record({
    neutral: share,
    happiness: share,
    surprise: share,
    sadness: share,
    anger: share,
    disgust: share,
    fear: share,
    contempt: share,
  }),
  valence: share,
  arousal: share,
});
const anyRow: fc.Arbitrary<SessionReading> = fc
  .record({
    faceId: fc.integer({ min: 0, max: 1e9 }),
    time: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    box: fc.record({ x: px, y: px, width: px, height: px }),
    roll: share,
    score: share,
    affect,
    emotion: fc.constantFrom(...EMOTION_LABELS, 'uncertain' as const),
    raw: fc.option(affect, { nil: undefined }),
    units: fc.array(fc.record({ code: fc.constantFrom('AU1', 'AU12', 'AU 9'), probability: share }), { maxLength: 20 }),
    traits: fc.array(fc.constantFrom('close', 'dark', 'a, b'), { maxLength: 2 }),
    points: fc.option(fc.array(fc.oneof(px, fc.constant(Number.NaN)), { maxLength: 136 }), { nil: undefined }),
    landmarks: fc.array(px, { maxLength: 2 }),
  })
  .map(({ affect: values, raw, units, points, landmarks, ...rest }) => ({
    ...rest,
    ...values,
    ...(raw && { raw }),
    actionUnits: units,
    landmarks: Float32Array.from(landmarks),
    ...(points && { points: Float32Array.from(points) }),
  }));

/** Seven digits of every number, a tenth of a px of points. */
function expectSame(found: SessionReading | undefined, row: SessionReading): void {
  const near = (value: number, wanted: number) =>
    expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(wanted)));
  const { points, ...rest }: SessionReading = found ?? reading();
  expect(Object.keys(found ?? {}).sort()).toEqual(Object.keys(row).sort());
  expect(rest.time).toBe(row.time);
  for (const text of ['faceId', 'emotion', 'traits'] as const) expect(rest[text]).toEqual(row[text]);
  for (const number of ['roll', 'score', 'valence', 'arousal'] as const) near(rest[number], row[number]);
  for (const side of ['x', 'y', 'width', 'height'] as const) near(rest.box[side], row.box[side]);
  for (const label of EMOTION_LABELS) near(rest.probabilities[label], row.probabilities[label]);
  if (row.raw) for (const label of EMOTION_LABELS) near(rest.raw?.probabilities[label] ?? -1, row.raw.probabilities[label]);
  expect(rest.actionUnits.map(({ code }) => code)).toEqual(row.actionUnits.map(({ code }) => code));
  for (const [index, { probability }] of row.actionUnits.entries()) near(rest.actionUnits[index]?.probability ?? -1, probability);
  expect(rest.landmarks).toEqual(row.landmarks);
  expect(points?.length).toBe(row.points?.length);
  row.points?.forEach((wanted, index) => {
    const value = points?.[index] ?? Number.NaN;
    if (Number.isNaN(wanted)) expect(value).toBeNaN();
    // A face of thousands of px is kept to a third of a px.
    else expect(Math.abs(value - wanted)).toBeLessThan(0.3);
  });
}

test('gives back whatever reading was put in, in its place', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 80 }), (rows) => {
      const kept = new KeptReadings(rows);
      expect(kept.length).toBe(rows.length);
      for (const [index, row] of rows.entries()) expectSame(kept.at(index), row);
      expect([...kept]).toEqual(kept.slice());
      expect(kept.at(-1)).toEqual(kept.at(rows.length - 1));
      expect(kept.at(rows.length)).toBeUndefined();
      expect(kept.slice(-3)).toEqual(kept.slice().slice(-3));
      expect(kept.slice(2, 5)).toEqual(kept.slice().slice(2, 5));
    }),
    { numRuns: 60 },
  );
});

test('points of a usual face keep the tenth of a px that exports write', () => {
  const points = Float32Array.from({ length: 136 }, (_, index) => 400 + index * 1.37);
  const kept = new KeptReadings([
    { ...reading({ box: { x: 412.3, y: 380.9, width: 180, height: 190 } }), landmarks: new Float32Array(0), points },
  ]);
  for (const [index, value] of kept.at(0)?.points?.entries() ?? []) expect(Math.abs(value - (points[index] ?? 0))).toBeLessThan(0.04);
  expect(kept.at(0)?.points).toHaveLength(136);
});

test('of a face that moves, and of others beside it, each frame has its own points', () => {
  const pointsAt = (frame: number, faceId: number) =>
    Float32Array.from({ length: 136 }, (_, index) => 300 * faceId + (index % 68) * 1.37 + 3 * Math.sin(frame / 3 + index));
  const rows = Array.from({ length: 900 }, (_, index) => {
    const [frame, faceId] = [Math.floor(index / 3), (index % 3) + 1];
    // Now and then it turns away at once, or some points are not found.
    const points = pointsAt(frame % 50 === 49 ? 2 * frame + 40 : frame, faceId);
    if (frame % 70 === 69) points.fill(Number.NaN, 10, 20);
    const box = { x: 300 * faceId + (frame % 5), y: 280, width: 120, height: 130 };
    return { ...reading({ faceId, time: frame / 24, box }), landmarks: new Float32Array(0), points };
  });
  const kept = new KeptReadings(rows);
  for (const [index, { points }] of rows.entries()) {
    const found = kept.at(index)?.points ?? [];
    for (const [i, wanted] of points.entries()) {
      if (Number.isNaN(wanted)) expect(found[i]).toBeNaN();
      else expect(Math.abs((found[i] ?? Number.NaN) - wanted)).toBeLessThan(0.04);
    }
  }
});

test('a row that is taken out and changed changes nothing that is kept', () => {
  const kept = new KeptReadings([{ ...reading({ time: 1 }), landmarks: new Float32Array(0) }]);
  const [row] = kept.slice();
  if (row) Object.assign(row, { faceId: 99 }).traits.push('changed');
  expect(kept.at(0)?.faceId).not.toBe(99);
  expect(kept.at(0)?.traits).not.toContain('changed');
});

test('a foreign recording with more kinds of rows than 16 bits can tell apart keeps each its own', () => {
  const many = 65_600;
  const rows = new KeptReadings();
  for (let index = 0; index < many; index += 1)
    rows.push({ ...reading({ time: index }), traits: [`t${index}`], landmarks: new Float32Array() });
  expect(rows.at(many - 1)?.traits).toEqual([`t${many - 1}`]);
});
