import { expect, test } from 'vitest';
import type { Work } from '../shared/work.ts';
import { VideoPulse } from './video-pulse.ts';
import { TICK_MS, Watchdog } from './watchdog.ts';

/** A worker that answers every ping, and the page's watchdog. */
function setUp() {
  let now = 0;
  const dog = new Watchdog(() => now);
  const work = (begun: Work | null) => (begun ? dog.begin(begun) : dog.rest());
  const pass = (ms: number) => {
    for (const until = now + ms; now < until; ) {
      now += Math.min(TICK_MS, until - now);
      dog.heard();
      const fault = dog.tick(true);
      if (fault) return fault;
    }
    return null;
  };
  return { video: new VideoPulse({ work }), pass };
}

const never = () => new Promise<never>(() => {});

test('a video that is written frame by frame is never taken for one that hangs, however long it is', () => {
  const { video, pass } = setUp();
  void video.during(never);
  expect(pass(120_000)).toBeNull(); // up to its first frame
  for (let frame = 0; frame < 200; frame += 1) {
    video.step();
    expect(pass(4000)).toBeNull();
  }
});

test('an encoder that never answers is a hang, though the thread itself answers', () => {
  const { video, pass } = setUp();
  void video.during(never);
  for (let frame = 0; frame < 20; frame += 1) {
    video.step();
    pass(40);
  }
  expect(pass(80_000)).toBeNull();
  expect(pass(20_000)).toMatchObject({ kind: 'hang', graph: null, onGpu: false, detail: expect.stringContaining('video') });
});

test('one that cannot even be begun is a hang after minutes; putting the file in its place may take as long', () => {
  const first = setUp();
  void first.video.during(never);
  expect(first.pass(320_000)).toMatchObject({ kind: 'hang' });

  const { video, pass } = setUp();
  void video.during(never);
  video.step();
  video.closing();
  expect(pass(280_000)).toBeNull();
  expect(pass(30_000)).toMatchObject({ kind: 'hang' });
});

test('after its end, nothing is waited for', async () => {
  const { video, pass } = setUp();
  expect(await video.during(async () => 1)).toBe(1);
  await expect(
    video.during(async () => {
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
  expect(pass(600_000)).toBeNull();
});
