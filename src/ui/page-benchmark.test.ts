import { afterEach, expect, test, vi } from 'vitest';
import { wireError } from '../shared/errors.ts';
import { fail, ok } from '../shared/result.ts';
import { openController } from './controller.fixture.ts';

afterEach(() => vi.unstubAllGlobals());

const sample = vi.hoisted(() => ({ fetchSample: vi.fn() }));
vi.mock('./sample-picture.ts', () => sample);

function setUp() {
  const { controller, store, ready } = openController({ worker: () => ({}) });
  const told: boolean[] = [];
  controller.benchmark.subscribe(() => told.push(controller.benchmark.isRunning));
  return { controller, store, ready, told };
}

test('waits for the model; what is being watched stands still meanwhile, and its end is told also where the sample cannot be had', async () => {
  const { controller, store, ready, told } = setUp();
  const run = () => controller.benchmark.run(new AbortController().signal, () => {});
  expect(await run()).toMatchObject({ ok: false, error: { code: 'model-not-ready' } });
  expect(told).toEqual([]);
  ready();
  sample.fetchSample.mockResolvedValueOnce(fail(wireError('file-unreadable', 'm', 'r')));
  expect(await run()).toMatchObject({ ok: false, error: { code: 'file-unreadable' } });
  expect(told).toEqual([true, false]);
  expect(store.get().paused).toBe(true);
});

test('a sample that cannot be decoded leaves nothing running behind', async () => {
  const { controller, ready, told } = setUp();
  ready();
  vi.stubGlobal('createImageBitmap', () => Promise.reject(new DOMException('', 'InvalidStateError')));
  sample.fetchSample.mockResolvedValueOnce(ok(new File([], 'sample.jpg')));
  await expect(controller.benchmark.run(new AbortController().signal, () => {})).rejects.toThrow();
  expect(told).toEqual([true, false]);
});
