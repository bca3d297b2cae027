import { afterEach, describe, expect, it, vi } from 'vitest';
import { StateStore } from './state-store.ts';

describe('StateStore', () => {
  afterEach(() => void vi.useRealTimers());

  it('shows a change at once, a flood of them together, and never misses the last', () => {
    vi.useFakeTimers();
    const store = new StateStore();
    const seen: boolean[] = [];
    let told = 0;
    store.subscribe(() => {
      told += 1;
    });
    store.subscribeView(() => seen.push(store.get().paused));
    store.dispatch({ type: 'paused', paused: true });
    expect(seen).toEqual([true]);
    for (let i = 0; i < 100; i++) store.dispatch({ type: 'paused', paused: i % 2 === 1 });
    store.dispatch({ type: 'paused', paused: false });
    expect(told).toBe(102); // who acts on the state is told each time
    expect(seen).toEqual([true]);
    vi.advanceTimersByTime(20);
    expect(seen).toEqual([true, false]);
    vi.advanceTimersByTime(1000);
    store.dispatch({ type: 'paused', paused: true });
    expect(seen).toEqual([true, false, true]);
  });
});
