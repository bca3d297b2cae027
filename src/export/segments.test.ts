import { describe, expect, it } from 'vitest';
import { segments } from './segments.ts';
import { reading, watched } from './session.fixture.ts';

const video = () => watched().items[0]!;
const short = (item: Parameters<typeof segments>[0]) =>
  segments(item).map(({ faceId, emotion, start, end }) => [faceId, emotion, start, Number(end.toFixed(3))]);

describe('segments', () => {
  it('last until the face shows something else, or one frame beyond where it was seen last', () => {
    expect(short(video())).toEqual([
      [1, 'happiness', 0, 1],
      [2, 'uncertain', 0, 1],
      [1, 'surprise', 1, 2],
      [1, 'happiness', 4, 4.5],
    ]);
  });

  it('count each moment once, however the video was gone through', () => {
    const item = video();
    item.readings = [...item.readings.slice(20), ...item.readings.slice(0, 20)];
    expect(short(item)).toEqual(short(video()));
  });

  it('hold means over their readings', () => {
    const item = { readings: [reading({ time: 0, valence: 0 }), reading({ time: 0.5, valence: 1 })] };
    expect(segments(item)).toMatchObject([{ valence: 0.5, readings: 2, probability: 0.7 }]);
  });

  it('bridge a face that is missed on single frames of a slow machine', () => {
    const item = { readings: [0, 1, 2, 4, 5].map((second) => reading({ time: second * 2 })) };
    expect(short(item)).toEqual([[1, 'happiness', 0, 12]]);
  });
});
