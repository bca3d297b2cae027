import { afterEach, expect, test, vi } from 'vitest';
import type { MediaFrame } from '../media/frame.ts';
import { LiveSource } from './live-source.ts';

let followed = 0;
const frames: ((frame: MediaFrame) => void)[] = [];
vi.mock('../media/camera.ts', () => ({
  openCamera: async () => ({ ok: true, value: { stream: {}, deviceId: 'd', label: 'Camera', mirrored: false, stop: () => {} } }),
}));
vi.mock('../media/live-frames.ts', () => ({
  followFrames: (_element: unknown, onFrame: (frame: MediaFrame) => void) => {
    frames.push(onFrame);
    followed += 1;
    return () => {
      followed -= 1;
    };
  },
}));
afterEach(() => {
  vi.unstubAllGlobals();
});

test('what is paused while it opens is not analysed until it goes on', async () => {
  const plays: (() => void)[] = [];
  const element = { srcObject: null, videoWidth: 64, videoHeight: 48, play: () => new Promise<void>((resolve) => plays.push(resolve)) };
  vi.stubGlobal('document', Object.assign(new EventTarget(), { createElement: () => element }));
  const analyzed = vi.fn(async () => {});
  const source = new LiveSource(analyzed, () => {});
  const opening = source.openCamera(null, 0, () => {});
  await vi.waitFor(() => expect(plays).toHaveLength(1));
  source.pause();
  for (const play of plays) play();
  await opening;
  const give = () => frames.at(-1)?.({ time: 1, image: { close: () => {} } as ImageBitmap });
  give();
  expect(analyzed).not.toHaveBeenCalled();
  source.resume();
  give();
  expect(analyzed).toHaveBeenCalledOnce();
  source.close();
});

test('a camera that is closed before its first picture is not followed, and another is followed once', async () => {
  const plays: (() => void)[] = [];
  const element = { videoWidth: 64, videoHeight: 48, play: () => new Promise<void>((resolve) => plays.push(resolve)) };
  vi.stubGlobal('document', Object.assign(new EventTarget(), { createElement: () => element }));
  const source = new LiveSource(
    async () => {},
    () => {},
  );
  const first = source.openCamera(null, 0, () => {});
  await vi.waitFor(() => expect(plays).toHaveLength(1));
  const second = source.openCamera(null, 0, () => {});
  await vi.waitFor(() => expect(plays).toHaveLength(2));
  for (const play of plays) play();
  expect(await first).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  expect(await second).toMatchObject({ ok: true });
  expect(followed).toBe(1);
  source.close();
  expect(followed).toBe(0);
});
