import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Frame } from '../model/image.ts';
import { FramePixels } from './frame-pixels.ts';

/** A camera's frame of 2 × 2, all of one value. */
function videoFrame(value: number, { width = 2, held = Promise.resolve() } = {}): VideoFrame {
  const size = { displayWidth: width, displayHeight: 2, visibleRect: { width, height: 2 } };
  const close = vi.fn();
  const copyTo = async (data: Uint8ClampedArray) => {
    await held;
    data.fill(value);
    return [{ offset: 0, stride: width * 4 }];
  };
  return { ...size, close, copyTo, allocationSize: () => width * 8 } as unknown as VideoFrame;
}

const values = ({ data }: Frame): number[] => [...new Set(data)];

beforeEach(() => vi.stubGlobal('ImageBitmap', class {}));
afterEach(() => vi.unstubAllGlobals());

it('puts a frame into the place of one that was given back, and of no other', async () => {
  const pixels = new FramePixels();
  const first = await pixels.read({ image: videoFrame(1), time: 1 });
  const second = await pixels.read({ image: videoFrame(2), time: 2 });
  expect([values(first), values(second)]).toEqual([[1], [2]]);
  pixels.giveBack(first);
  const third = await pixels.read({ image: videoFrame(3), time: 3 });
  expect(third.data).toBe(first.data);
  expect([values(second), values(third)]).toEqual([[2], [3]]);
});

it('gives a place to one alone of two frames that are read at once', async () => {
  const pixels = new FramePixels();
  const before = await pixels.read({ image: videoFrame(1), time: 1 });
  pixels.giveBack(before);
  let goOn = (): void => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const reading = [2, 3].map((value) => pixels.read({ image: videoFrame(value, { held }), time: value }));
  goOn();
  expect((await Promise.all(reading)).map(values)).toEqual([[2], [3]]);
});

it('takes no place of another size', async () => {
  const pixels = new FramePixels();
  pixels.giveBack(await pixels.read({ image: videoFrame(1), time: 1 }));
  const wide = await pixels.read({ image: videoFrame(2, { width: 4 }), time: 2 });
  expect([wide.width, wide.data.length, values(wide)]).toEqual([4, 32, [2]]);
});
