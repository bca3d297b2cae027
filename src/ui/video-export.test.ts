import { expect, test } from 'vitest';
import { explanation, reading } from '../export/session.fixture.ts';
import type { Session } from '../export/session.ts';
import type { Explanation, Item } from './analysis-state.ts';
import { messages } from './messages.ts';
import { captionsOf, overlayReadings, readNotice, secondsLeft, type VideoChoices, videoTags, withFaces } from './video-export.ts';

const text = messages.videoExport;
const choices: VideoChoices = {
  parts: { boxes: true, emotions: true, names: true, bars: true, plane: false, captions: true },
  faces: 'as-they-are',
  range: null,
  maxSide: null,
  sound: true,
};
const times = (from: number, to: number, step: number) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);

test('hiding faces leaves out names and sound; what is chosen after that stays', () => {
  const hidden = withFaces(choices, 'blurred');
  expect([hidden.faces, hidden.sound, hidden.parts.names, hidden.parts.boxes]).toEqual(['blurred', false, false, true]);
  expect(withFaces({ ...hidden, sound: true }, 'boxes').sound).toBe(true);
  expect(withFaces(hidden, 'as-they-are')).toEqual(choices);
});

test('the overlay gets persons, without landmarks', () => {
  const rows = [reading({ faceId: 1, time: 0 }), reading({ faceId: 3, time: 1 })];
  const made = overlayReadings(rows, { names: {}, sameAs: { 3: 1 } });
  expect(made.map(({ faceId, time }) => [faceId, time])).toEqual([
    [1, 0],
    [1, 1],
  ]);
  expect(Object.keys(made[0] ?? {})).not.toContain('landmarks');
});

test('captions are the answered explanations in the order of their moments, with their reasons', () => {
  const run = (time: number, changes: Partial<Explanation>) => ({ ...explanation({ time }), ...changes }) as unknown as Explanation;
  const none = { observe: '', cues: '', reason: '', answer: '' };
  expect(captionsOf([run(9, {}), run(2, {}), run(5, { answer: null, steps: none })])).toEqual([
    { from: 2, to: 10, text: 'Emotion: happiness. It smiles.' },
    { from: 9, to: 17, text: 'Emotion: happiness. It smiles.' },
  ]);
});

test('says how much was read, and what becomes of the rest', () => {
  const range = { from: 0, to: 30 };
  expect(readNotice(times(0, 30, 0.5), range, 'blurred')).toBeNull();
  expect(readNotice([], range, 'as-they-are')).toBe(text.nothingRead);
  expect(readNotice(times(40, 50, 0.5), range, 'as-they-are')).toBe(text.nothingRead);
  expect(readNotice(times(10, 25, 0.5), range, 'as-they-are')).toBe(`Only 0:10.0–0:25.0 has been read. ${text.elsewherePlain}`);
  expect(readNotice(times(10, 25, 0.5), range, 'boxes')).toBe(`Only 0:10.0–0:25.0 has been read. ${text.elsewhereHidden}`);
  expect(readNotice(times(10, 25, 0.5), { from: 12, to: 20 }, 'boxes')).toBeNull();
});

test('what was read once a second can be drawn on, but hides no face', () => {
  expect(readNotice(times(0, 30, 1), { from: 0, to: 30 }, 'as-they-are')).toBeNull();
  expect(readNotice(times(0, 30, 1), { from: 0, to: 30 }, 'blurred')).toBe(text.tooSeldom);
});

test('the file’s tags say what made it; where faces are hidden, not what the video was called', () => {
  const item = { id: 'i', name: 'ada-lovelace.mp4' } as Item;
  const other = { id: 'o', name: 'charles.mp4', kind: 'video' as const, width: 1, height: 1, readings: [], explanations: [] };
  const session: Session = {
    app: { version: '9' },
    model: null,
    settings: { smoothing: 0.3 },
    items: [{ ...other, ...item }, other] as Session['items'],
  };
  const at = new Date('2026-01-02T03:04:05Z');
  const open = videoTags(session, item, choices, at);
  expect(open.title).toBe('ada-lovelace.mp4');
  expect(JSON.parse(open.comment)).toMatchObject({
    app: { version: '9' },
    settings: { smoothing: 0.3 },
    overlay: { faces: 'as-they-are' },
  });
  const hidden = videoTags(session, item, withFaces(choices, 'boxes'), at);
  expect(JSON.stringify([open, hidden])).not.toContain('charles');
  expect(JSON.stringify(hidden)).not.toContain('lovelace');
});

test('the time left follows from the share that is done, once that tells anything', () => {
  expect(secondsLeft(0.25, 10)).toBe(30);
  expect(secondsLeft(0.001, 10)).toBeNull();
  expect(secondsLeft(0.5, 0.2)).toBeNull();
});
