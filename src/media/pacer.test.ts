import { describe, expect, it, vi } from 'vitest';
import type { MediaFrame } from './frame.ts';
import { Pacer, type Visibility } from './pacer.ts';

/** A frame that knows whether it was closed. */
class FakeImage {
  closed = 0;
  close(): void {
    this.closed += 1;
  }
}

function frames(count: number): { frames: MediaFrame[]; images: FakeImage[] } {
  const images = Array.from({ length: count }, () => new FakeImage());
  return { images, frames: images.map((image, index) => ({ image: image as unknown as ImageBitmap, time: index / 30 })) };
}

/** An analysis that ends when told to. */
function byHand() {
  const seen: number[] = [];
  const ends: (() => void)[] = [];
  const analyze = (frame: MediaFrame): Promise<void> => {
    seen.push(Math.round(frame.time * 30));
    return new Promise((resolve) => {
      ends.push(() => {
        frame.image.close();
        resolve();
      });
    });
  };
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { seen, analyze, end };
}

class FakePage implements Visibility {
  hidden = false;
  readonly listeners = new Set<() => void>();
  addEventListener(_type: 'visibilitychange', listener: () => void): void {
    this.listeners.add(listener);
  }
  removeEventListener(_type: 'visibilitychange', listener: () => void): void {
    this.listeners.delete(listener);
  }
  show(visible: boolean): void {
    this.hidden = !visible;
    for (const listener of this.listeners) listener();
  }
}

describe('Pacer', () => {
  it('analyses one frame at a time and then the newest', async () => {
    const { seen, analyze, end } = byHand();
    const pacer = new Pacer({ analyze, visibility: null });
    const { frames: all, images } = frames(5);
    for (const frame of all) pacer.offer(frame);
    expect(seen).toEqual([0]);
    expect(images.map((image) => image.closed)).toEqual([0, 1, 1, 1, 0]);
    await end();
    expect(seen).toEqual([0, 4]);
    await end();
    expect(pacer.stats()).toMatchObject({ analyzed: 2, dropped: 3 });
    expect(images.every((image) => image.closed === 1)).toBe(true);
  });

  it('goes on after an analysis that fails', async () => {
    const onError = vi.fn();
    const analyze = vi.fn().mockRejectedValueOnce(new Error('no')).mockResolvedValue(undefined);
    const pacer = new Pacer({ analyze, onError, visibility: null });
    const [first, second] = frames(2).frames as [MediaFrame, MediaFrame];
    pacer.offer(first);
    pacer.offer(second);
    await vi.waitFor(() => expect(pacer.stats().analyzed).toBe(1));
    expect(analyze).toHaveBeenCalledTimes(2);
    expect(onError).toHaveBeenCalledOnce();
  });

  it('rests while the page is hidden and goes on when it is shown', async () => {
    const { seen, analyze, end } = byHand();
    const page = new FakePage();
    const pacer = new Pacer({ analyze, visibility: page });
    const { frames: all, images } = frames(4);
    const [a, b, c, d] = all as [MediaFrame, MediaFrame, MediaFrame, MediaFrame];
    pacer.offer(a);
    pacer.offer(b);
    page.show(false);
    expect(images[1]?.closed).toBe(1); // what waited would be stale
    pacer.offer(c);
    expect(images[2]?.closed).toBe(1);
    await end();
    expect(seen).toEqual([0]);
    page.show(true);
    pacer.offer(d);
    expect(seen).toEqual([0, 3]);
  });

  it('pauses and resumes by the caller', () => {
    const { seen, analyze } = byHand();
    const pacer = new Pacer({ analyze, visibility: null });
    const [a, b] = frames(2).frames as [MediaFrame, MediaFrame];
    pacer.pause();
    pacer.offer(a);
    expect(pacer.paused).toBe(true);
    pacer.resume();
    pacer.offer(b);
    expect(seen).toEqual([1]);
  });

  it('closes everything once stopped and lets the page go', () => {
    const page = new FakePage();
    const { analyze } = byHand();
    const pacer = new Pacer({ analyze, visibility: page });
    const { frames: all, images } = frames(3);
    const [a, b, c] = all as [MediaFrame, MediaFrame, MediaFrame];
    pacer.offer(a);
    pacer.offer(b);
    pacer.stop();
    pacer.offer(c);
    expect(images.map((image) => image.closed)).toEqual([0, 1, 1]);
    expect(page.listeners.size).toBe(0);
  });

  it('measures readings a second over the last two seconds', async () => {
    let clock = 0;
    const pacer = new Pacer({ analyze: async () => {}, visibility: null, now: () => clock });
    for (const frame of frames(21).frames) {
      pacer.offer(frame);
      await new Promise((resolve) => setImmediate(resolve));
      clock += 50;
    }
    expect(pacer.stats().perSecond).toBeCloseTo(20, 5);
    clock += 5000;
    expect(pacer.stats().perSecond).toBe(0);
  });

  it('measures a machine that needs seconds for a frame', async () => {
    let clock = 0;
    const pacer = new Pacer({ analyze: async () => {}, visibility: null, now: () => clock });
    for (const frame of frames(3).frames) {
      clock += 4000;
      pacer.offer(frame);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(pacer.stats().perSecond).toBeCloseTo(0.25, 5);
  });

  it('counts no pace across a sleep of the machine', async () => {
    let clock = 0;
    const pacer = new Pacer({ analyze: async () => {}, visibility: null, now: () => clock });
    const offer = async (count: number) => {
      for (const frame of frames(count).frames) {
        pacer.offer(frame);
        await new Promise((resolve) => setImmediate(resolve));
        clock += 50;
      }
    };
    await offer(20);
    clock += 8 * 3_600_000;
    await offer(1);
    expect(pacer.stats().perSecond).toBe(0);
    await offer(3);
    expect(pacer.stats().perSecond).toBeCloseTo(20, 5);
  });
});
