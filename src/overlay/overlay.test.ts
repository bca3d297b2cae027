import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { reading } from '../export/session.fixture.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { OverlayParts, OverlayReading } from '../shared/overlay.ts';
import { EMOTION_COLOURS } from './emotion-glyphs.ts';
import { drawOverlay, textSize } from './overlay.ts';
import { recordingSurface } from './surface.fixture.ts';

vi.stubGlobal('Path2D', class {});
const size = { width: 1280, height: 720 };
const nothing: OverlayParts = { boxes: false, emotions: false, names: false, bars: false, plane: false, captions: false };
const words = {
  emotions: { ...Object.fromEntries(EMOTION_LABELS.map((label) => [label, label])), uncertain: 'uncertain' } as Record<
    (typeof EMOTION_LABELS)[number] | 'uncertain',
    string
  >,
  valence: 'Valence',
  arousal: 'Arousal',
};
const probabilities = {
  ...(Object.fromEntries(EMOTION_LABELS.map((label) => [label, 0])) as OverlayReading['probabilities']),
  fear: 0.7,
  anger: 0.3,
};
const ada = reading({
  faceId: 1,
  emotion: 'fear',
  probabilities,
  valence: -0.5,
  arousal: 0.25,
  box: { x: 100, y: 100, width: 200, height: 200 },
});
const small = reading({ faceId: 4, emotion: 'uncertain', box: { x: 600, y: 640, width: 60, height: 70 } });

function drawn(parts: Partial<OverlayParts>, more: { faces?: OverlayReading[]; chosen?: number; caption?: string } = {}) {
  const recorded = recordingSurface();
  const { faces = [ada, small], chosen = null, caption = null } = more;
  drawOverlay(recorded.surface, size, { faces, names: { 1: 'Ada' }, chosen, trail: () => [], caption }, { ...nothing, ...parts }, words);
  return recorded;
}
const rects = (calls: { name: string; args: unknown[] }[]) =>
  calls.filter(({ name }) => name === 'roundRect').map(({ args }) => args.slice(0, 4));

test('nothing is drawn that was not asked for', () => {
  const { calls } = drawn({}, { caption: 'Said.' });
  expect(calls.map(({ name }) => name)).toEqual(['save', 'restore']);
});

test('a box lies on each face', () => {
  const { calls, texts } = drawn({ boxes: true });
  expect(rects(calls)).toContainEqual([100, 100, 200, 200]);
  expect(rects(calls)).toContainEqual([600, 640, 60, 70]);
  expect(texts()).toEqual([]);
});

test('a tag names the face and its emotion, in the emotion’s colour; one that has no room below lies above', () => {
  const { calls, texts } = drawn({ emotions: true, names: true });
  expect(texts()).toEqual(['Ada', 'fear', '4', 'uncertain']);
  expect(calls.filter(({ name }) => name === 'stroke').map(({ strokeStyle }) => strokeStyle)).toContain(EMOTION_COLOURS.fear);
  const heights = calls.filter(({ name }) => name === 'fillText').map(({ args }) => Number(args[2]));
  expect(heights[0]).toBeGreaterThan(300);
  expect(heights[2]).toBeLessThan(640);
});

test('without names, faces have their numbers', () => {
  expect(drawn({ emotions: true }).texts()).toEqual(['1', 'fear', '4', 'uncertain']);
  expect(drawn({ names: true }).texts()).toEqual(['Ada', '4']);
});

test('of a crowd only the chosen face has a word', () => {
  const crowd = Array.from({ length: 8 }, (_, i) =>
    reading({ faceId: i, emotion: 'fear', box: { x: 100 * i, y: 50, width: 40, height: 40 } }),
  );
  expect(
    drawn({ emotions: true }, { faces: crowd, chosen: 5 })
      .texts()
      .filter((text) => text === 'fear'),
  ).toHaveLength(1);
});

test('the numbers are the chosen face’s, else the largest one’s; a chosen face that is not there has none', () => {
  const shares = (chosen?: number) =>
    drawn({ bars: true }, chosen === undefined ? {} : { chosen })
      .texts()
      .filter((text) => text.endsWith('%'));
  expect(shares()).toEqual(['0%', '0%', '0%', '0%', '30%', '0%', '70%', '0%']);
  expect(shares(1)).toEqual(shares());
  expect(shares(4)).not.toEqual(shares());
  expect(shares(9)).toEqual([]);
  expect(drawn({ plane: true }).texts()).toEqual(['Valence −0.50', 'Arousal +0.25']);
});

test('an uncertain reading has no filled bar', () => {
  const filled = (face: OverlayReading) =>
    drawn({ bars: true }, { faces: [face] }).calls.filter(({ name, fillStyle }) => name === 'fill' && fillStyle === EMOTION_COLOURS.fear)
      .length;
  expect(filled(ada)).toBe(1);
  expect(filled({ ...ada, emotion: 'uncertain' })).toBe(0);
});

test('a caption breaks into at most three lines within the frame', () => {
  const { texts, calls } = drawn({ captions: true }, { caption: 'one two three four five six seven '.repeat(20).trim() });
  expect(texts()).toHaveLength(3);
  expect(texts()[2]).toMatch(/…$/);
  const [x = 0, y = 0, width = 0, height = 0] = (rects(calls)[0] ?? []) as number[];
  expect(x).toBeGreaterThanOrEqual(0);
  expect(x + width).toBeLessThanOrEqual(size.width);
  expect(y + height).toBeLessThanOrEqual(size.height);
});

test('text grows with the frame and stays readable on a small one', () => {
  expect(textSize({ width: 1920, height: 1080 })).toBe(30);
  expect(textSize({ width: 320, height: 240 })).toBe(11);
});

test('colours are those of the stage', () => {
  const css = readFileSync(new URL('../ui/theme.css', import.meta.url), 'utf8');
  for (const [emotion, colour] of Object.entries(EMOTION_COLOURS))
    expect(css).toMatch(new RegExp(`--e-${emotion}: light-dark\\(#\\w+, ${colour}\\)`));
});
