import { describe, expect, test } from 'vitest';
import type { Picture } from '../model/image.ts';
import { SceneCuts } from './scene-cuts.ts';

/** px; scenes are drawn as if there were five times as many. */
const WIDTH = 64;
const HEIGHT = 36;
const SCALE = 5;
type Scene = (x: number, y: number) => readonly [number, number, number];

const painted = (scene: Scene): Picture => {
  const data = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) data.set([...scene(SCALE * x, SCALE * y), 255], (y * WIDTH + x) * 4);
  return { width: WIDTH, height: HEIGHT, data };
};

/** A room with windows, and a garden; `from` says where in it the camera looks, px. */
const room =
  (from = 0): Scene =>
  (x, y) =>
    (x + from) % 90 < 40 && y > 40 && y < 120 ? [230, 220, 190] : [90, 50 + (y >> 2), 40];
const garden =
  (from = 0): Scene =>
  (x, y) =>
    y < 70 ? [120, 170, 240] : (x + from) % 50 < 12 ? [200, 40, 90] : [40, 120, 30];
/** Houses of all colours, none like its neighbours: as the camera goes along, each frame differs from the last. */
const street =
  (from = 0): Scene =>
  (x) => {
    const house = Math.floor((x + from) / 70);
    return [(house * 83) % 256, (house * 151 + 40) % 256, (house * 211 + 90) % 256];
  };
const white: Scene = () => [255, 255, 255];
const mixed =
  (a: Scene, b: Scene, share: number): Scene =>
  (x, y) => {
    const [from, to] = [a(x, y), b(x, y)];
    const at = (i: 0 | 1 | 2) => from[i] + share * (to[i] - from[i]);
    return [at(0), at(1), at(2)];
  };

/** All that is told while the film is played at so many frames a second. */
function told(rate: number, seconds: number, film: (time: number) => Scene): { cuts: number[]; jumps: number[] } {
  const detector = new SceneCuts();
  const cuts: number[] = [];
  const jumps: number[] = [];
  for (let frame = 0; frame < seconds * rate; frame++) {
    const time = frame / rate;
    const { jump, cut } = detector.add(painted(film(time)), time);
    if (jump) jumps.push(time);
    if (cut !== null) {
      cuts.push(cut.time);
      expect(cut.after).toBeCloseTo(cut.time - 1 / rate, 6);
    }
  }
  return { cuts, jumps };
}

describe.each([25, 5, 1])('at %i frames a second', (rate) => {
  test('a hard cut is told with the time of its first frame, once, and known at once', () => {
    const film = (time: number) => (time < 4 ? room(3 * time) : garden(3 * time));
    expect(told(rate, 8, film)).toEqual({ cuts: [4], jumps: [4] });
  });

  test('there and back is two cuts', () => {
    const film = (time: number) => (time >= 3 && time < 6 ? garden() : room());
    expect(told(rate, 9, film).cuts).toEqual([3, 6]);
  });

  test('a pan is none, slow or beginning all of a sudden', () => {
    expect(told(rate, 8, (time) => room(20 * time)).cuts).toEqual([]);
    expect(told(rate, 8, (time) => street(Math.max(0, time - 3) * rate * 60)).cuts).toEqual([]);
    expect(told(rate, 8, (time) => street(time * rate * 60)).jumps.length).toBeLessThan(3);
  });

  test('a flash is none', () => {
    const film = (time: number) => (time >= 3 && time < 3 + Math.max(0.2, 0.9 / rate) ? white : room());
    const { cuts, jumps } = told(rate, 8, film);
    expect(jumps.length).toBeGreaterThan(0);
    expect(cuts).toEqual([]);
  });
});

test.each([25, 5])('a fade over two seconds is none, at %i frames a second', (rate) => {
  const film = (time: number) => mixed(room(), garden(), Math.max(0, Math.min(1, (time - 3) / 2)));
  expect(told(rate, 8, film).cuts).toEqual([]);
});

test('a lamp that is switched on and stays on is told as a cut: nothing in the picture tells them apart', () => {
  const dark: Scene = (x, y) => {
    const [r, g, b] = room()(x, y);
    return [r / 5, g / 5, b / 5];
  };
  expect(told(25, 6, (time) => (time < 3 ? dark : room())).cuts).toEqual([3]);
});

test('a frame that is read again changes nothing', () => {
  const detector = new SceneCuts();
  const cuts = [];
  for (let i = 0; i < 40; i++) {
    for (let again = 0; again < 2; again++) {
      const { cut } = detector.add(painted(i < 20 ? room() : garden()), i / 10);
      if (cut) cuts.push(cut.time);
    }
  }
  expect(cuts).toEqual([2]);
  const pan = new SceneCuts();
  const jumps = [];
  for (let i = 0; i < 40; i++) for (let again = 0; again < 2; again++) if (pan.add(painted(street(60 * i)), i / 10).jump) jumps.push(i);
  expect(jumps).toEqual([1]);
});

test('somebody who goes to another place of the film, back or far ahead, sees no cut there', () => {
  const detector = new SceneCuts();
  const heard = [];
  for (let i = 0; i < 50; i++) heard.push(detector.add(painted(room()), i / 25));
  for (let i = 0; i < 50; i++) heard.push(detector.add(painted(garden()), 9 + i / 25));
  for (let i = 0; i < 50; i++) heard.push(detector.add(painted(room()), i / 25));
  expect(heard.every(({ jump, cut }) => !jump && cut === null)).toBe(true);
});

test('where a busy machine leaves out a second, a cut in it is told as what it is known to be, and motion is none', () => {
  const play = (later: Scene) => {
    const detector = new SceneCuts();
    const cuts = [];
    for (let i = 0; i < 50; i++) cuts.push(detector.add(painted(room(i / 5)), i / 25).cut);
    for (let i = 0; i < 50; i++) cuts.push(detector.add(painted(later), 3.2 + i / 25).cut);
    return cuts.filter((cut) => cut !== null);
  };
  expect(play(garden())).toEqual([{ after: 1.96, time: 3.2 }]);
  // As much motion between two neighbours would be taken for one.
  const neighbours = new SceneCuts();
  neighbours.add(painted(room(10)), 0);
  expect(neighbours.add(painted(room(50)), 0.04).jump).toBe(true);
  expect(play(room(50))).toEqual([]);
});

test('another source begins without the last one’s picture', () => {
  const detector = new SceneCuts();
  for (let i = 0; i < 5; i++) detector.add(painted(room()), i / 5);
  detector.reset();
  expect(detector.add(painted(garden()), 1)).toEqual({ jump: false, cut: null });
});
