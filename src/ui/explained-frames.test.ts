import { describe, expect, test } from 'vitest';
import { ExplainedFrames } from './explained-frames.ts';

class FakeImage {
  readonly width: number;
  open = true;
  constructor(width: number) {
    this.width = width;
  }
  close() {
    this.open = false;
  }
}

const image = (width = 10) => new FakeImage(width) as unknown as ImageBitmap & { open: boolean };
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A frame of so many px takes ten bytes a px. */
function frames(mostBytes: number) {
  const unpacked: number[] = [];
  const kept = new ExplainedFrames(
    {
      compress: async ({ width }) => new Blob(['x'.repeat(10 * width)]),
      unpack: async (blob) => {
        if (blob.size % 10 !== 0) throw new Error('no picture');
        unpacked.push(blob.size);
        return image(blob.size / 10);
      },
    },
    mostBytes,
  );
  return { kept, unpacked };
}

describe('ExplainedFrames', () => {
  test('the newest dozen lies there as it is; an older one is unpacked when it is looked at, once', async () => {
    const { kept, unpacked } = frames(1e6);
    const images = Array.from({ length: 14 }, (_, i) => image(i + 1));
    images.forEach((each, i) => {
      kept.keep(`r${i}`, each);
    });
    await settled();
    expect(images.map(({ open }) => open)).toEqual([false, false, ...Array(12).fill(true)]);
    expect(await kept.open('r13')).toBe(images[13]);
    expect(unpacked).toEqual([]);
    expect(kept.get('r0')).toBeNull();
    expect(kept.has('r0')).toBe(true);
    expect((await kept.open('r0'))?.width).toBe(1);
    await kept.open('r0');
    expect(unpacked).toEqual([10]);
    // It took the place of the oldest, which is still there, packed.
    expect(images[2]?.open).toBe(false);
    expect((await kept.open('r2'))?.width).toBe(3);
  });

  test('all together take no more bytes than allowed: the oldest go first', async () => {
    const { kept } = frames(250);
    for (let i = 0; i < 20; i += 1) kept.keep(`r${i}`, image(10));
    await settled();
    expect(await kept.packed('r17')).toBeNull();
    expect((await kept.packed('r18'))?.size).toBe(100);
    expect(kept.has('r3')).toBe(false);
    expect(await kept.open('r3')).toBeNull();
    expect((await kept.open('r19'))?.width).toBe(10);
  });

  test('those of a kept session are not unpacked before somebody looks', async () => {
    const { kept, unpacked } = frames(1e6);
    for (let i = 0; i < 30; i += 1) kept.keepPacked(`r${i}`, new Blob(['x'.repeat(20)]));
    await settled();
    expect(unpacked).toEqual([]);
    const [one, other] = await Promise.all([kept.open('r7'), kept.open('r7')]);
    expect(one?.width).toBe(2);
    expect(other).toBe(one);
  });

  test('what is forgotten is gone, also while it is being unpacked; what is no picture is as good as none', async () => {
    const { kept } = frames(1e6);
    kept.keepPacked('a', new Blob(['x'.repeat(20)]));
    const opening = kept.open('a');
    kept.forget(['a']);
    expect(await opening).toBeNull();
    expect(kept.has('a')).toBe(false);
    kept.keepPacked('b', new Blob(['broken!']));
    expect(await kept.open('b')).toBeNull();
  });
});
