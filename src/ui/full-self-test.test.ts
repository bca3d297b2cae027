import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ModelInfo } from '../shared/events.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import type { LoadOptions, SelfTestOptions } from '../workers/api.ts';
import { FullSelfTest } from './full-self-test.ts';
import { StateStore } from './state-store.ts';

const INFO: ModelInfo = {
  packId: 'tiny',
  packVersion: '1',
  packHash: 'abc',
  graphs: [
    { graph: 'face-encoder', backend: 'wasm', dtype: 'fp32', times: {} },
    { graph: 'scene-encoder', backend: 'webgpu', dtype: 'fp32', times: {} },
  ],
  adapter: 'some gpu',
  threads: 1,
  choices: null,
  notes: [],
};
const LOAD: LoadOptions = { packUrl: 'p', wasmUrl: 'w', backend: 'auto', graphBackends: {}, threads: 0 };

const kept = new Map<string, string>();
beforeEach(() => {
  vi.useFakeTimers();
  kept.clear();
});
afterEach(() => {
  vi.useRealTimers();
});

function visit({ info = INFO, userAgent = 'browser 1', memory = 8 as number | null, isBusyElsewhere = (): boolean => false } = {}) {
  const store = new StateStore();
  const asked: { options: SelfTestOptions; signal: AbortSignal; end: (result: Result<string[]>) => void }[] = [];
  const test = new FullSelfTest({
    store,
    run: (signal, options) =>
      new Promise((resolve) => {
        asked.push({ options, signal, end: resolve });
        signal.addEventListener('abort', () => resolve(fail({ code: 'cancelled', message: '', remedy: '' })));
      }),
    loadOptions: () => LOAD,
    isBusyElsewhere,
    userAgent,
    memory: memory ?? undefined,
    storage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) },
  });
  for (const part of ['faces', 'reader', 'language-model'] as const)
    store.dispatch({ type: 'event', event: { type: 'ready', part, info } });
  return { store, test, asked };
}
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('runs once, each graph where it runs, and again only where something is another than then', async () => {
  const first = visit();
  await wait(19_000);
  expect(first.asked).toHaveLength(0);
  await wait(2000);
  expect(first.asked[0]?.options).toMatchObject({
    graphs: ['face-encoder', 'scene-encoder'],
    graphBackends: { 'face-encoder': 'wasm', 'scene-encoder': 'webgpu' },
  });
  first.asked[0]?.end(ok(['scene-encoder/affect: off by 1, allowed 0.002']));
  await wait(0);
  expect(first.test.get()?.faults).toHaveLength(1);

  const second = visit();
  expect(second.test.get()?.faults).toHaveLength(1);
  await wait(60_000);
  expect(second.asked).toHaveLength(0);

  for (const other of [visit({ userAgent: 'browser 2' }), visit({ info: { ...INFO, adapter: 'another gpu' } })]) {
    expect(other.test.get()).toBeNull();
    await wait(21_000);
    expect(other.asked).toHaveLength(1);
  }
});

test('makes way for the camera, and comes again when it is off', async () => {
  const { store, asked } = visit();
  await wait(21_000);
  store.dispatch({ type: 'camera', phase: 'on' });
  expect(asked[0]?.signal.aborted).toBe(true);
  await wait(60_000);
  expect(asked).toHaveLength(1);
  store.dispatch({ type: 'camera', phase: 'off' });
  await wait(21_000);
  expect(asked).toHaveLength(2);
});

test('is not tried again in a visit where it cannot be run, and leaves the language model out where memory may be small', async () => {
  const language = { graph: 'language-model', backend: 'wasm', dtype: 'q4', times: {} } as const;
  const { store, asked, test } = visit({ memory: null, info: { ...INFO, graphs: [...INFO.graphs, language] } });
  await wait(21_000);
  expect(asked[0]?.options.graphs).toEqual(['face-encoder', 'scene-encoder']);
  asked[0]?.end(fail({ code: 'pack-missing', message: '', remedy: '' }));
  await wait(0);
  store.dispatch({ type: 'paused', paused: true });
  await wait(60_000);
  expect(asked).toHaveLength(1);
  expect(test.get()).toBeNull();
});

test('makes way for what is computed beside the page, and comes again when that is over', async () => {
  let isBusy = true;
  const { asked, test } = visit({ isBusyElsewhere: () => isBusy });
  await wait(60_000);
  expect(asked).toHaveLength(0);
  isBusy = false;
  test.heed();
  await wait(21_000);
  expect(asked).toHaveLength(1);
  isBusy = true;
  test.heed();
  expect(asked[0]?.signal.aborted).toBe(true);
});
