/** Going from frame to frame in an element that behaves as browsers' do. */
import { afterEach, expect, test, vi } from 'vitest';
import { openSeekable } from './video-seek.ts';

vi.mock('./video-file.ts', () => ({
  openVideo: async (_signal: AbortSignal, _file: Blob, element: HTMLVideoElement) => ({
    ok: true,
    value: { element, duration: element.duration, width: 64, height: 48, close: () => {} },
  }),
}));
vi.mock('./live-frames.ts', () => ({ grabFrame: async (_element: unknown, time: number) => ({ image: { close: () => {} }, time }) }));
afterEach(() => vi.unstubAllGlobals());

/** A video of one second. */
class FakeVideo extends EventTarget {
  duration: number;
  #time = 0;

  constructor(duration: number) {
    super();
    this.duration = duration;
  }

  get currentTime(): number {
    return this.#time;
  }

  set currentTime(to: number) {
    this.#time = Math.min(to, 1);
    if (to > 1) this.duration = 1;
    setTimeout(() => this.dispatchEvent(new Event('seeked')));
  }
}

test.each([
  ['a file that says how long it is', 1],
  ['one that does not, as it comes from a recorder', Number.POSITIVE_INFINITY],
])('%s is read to its end', async (_which, duration) => {
  vi.stubGlobal('document', { createElement: () => new FakeVideo(duration) });
  const { signal } = new AbortController();
  const video = await openSeekable(signal, new Blob(['video']));
  if (!video.ok) throw new Error(video.error.message);
  expect(video.value.duration).toBe(1);
  const times: number[] = [];
  for await (const { time } of video.value.frames(signal, { from: 0, to: null, framesPerSecond: 4, begin: null })) {
    times.push(Number(time.toFixed(2)));
    if (times.length > 8) break;
  }
  expect(times).toEqual([0, 0.25, 0.5, 0.75]);
});
