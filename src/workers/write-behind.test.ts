import { describe, expect, it, vi } from 'vitest';
import { WriteBehind } from './write-behind.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('WriteBehind', () => {
  it('does nothing before its time, then all in order; one piece that fails fails its own caller alone', async () => {
    const behind = new WriteBehind();
    const done: string[] = [];
    const piece = (name: string) => behind.push(async () => void done.push(name));
    void piece('first');
    const failing = behind.push(async () => {
      throw new Error('no room');
    });
    const last = piece('last');
    await turn();
    expect(done).toEqual([]);
    await Promise.all([expect(failing).rejects.toThrow('no room'), behind.flush(), last]);
    expect(done).toEqual(['first', 'last']);
    await piece('later');
    expect(done).toEqual(['first', 'last', 'later']);
  });

  it('begins by itself where nobody says that it is its time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const behind = new WriteBehind(500);
      const work = vi.fn(async () => {});
      const written = behind.push(work);
      vi.advanceTimersByTime(499);
      await turn();
      expect(work).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      await written;
      expect(work).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });
});
