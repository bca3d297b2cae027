import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ok, type Result } from '../../shared/result.ts';
import type { WatchedApi } from '../api.ts';
import { oneJob } from './one-job.ts';
import { FakeWorker, fakeTime } from './worker.fixture.ts';

interface Api extends WatchedApi {
  work(): Promise<Result<number>>;
}

let time: ReturnType<typeof fakeTime>;
beforeEach(() => {
  time = fakeTime();
});
afterEach(() => time.end());

function begin(work: Api['work'] = () => new Promise(() => {})) {
  const worker = new FakeWorker({ work });
  let over = false;
  const end = oneJob<Api, number>(
    worker.asWorker,
    (remote, ended) => {
      ended.addEventListener('abort', () => {
        over = true;
      });
      return remote.work();
    },
    time.now,
  );
  return { worker, end, isOver: () => over };
}

test('gives what the job gave, and ends the worker', async () => {
  const { worker, end, isOver } = begin(async () => ok(7));
  expect(await end).toEqual({ result: ok(7) });
  expect([worker.terminated, isOver()]).toEqual([true, true]);
  expect(vi.getTimerCount(), 'nothing watches it any more').toBe(0);
});

test('a worker that dies is not waited for, whether it dies of its memory or of anything else', async () => {
  const { worker, end, isOver } = begin();
  worker.crash('RangeError: Array buffer allocation failed');
  expect(await end).toMatchObject({ fault: { kind: 'out-of-memory' } });
  expect([worker.terminated, isOver()]).toEqual([true, true]);

  const other = begin();
  other.worker.crash('');
  expect(await other.end).toEqual({ fault: { kind: 'worker-died', detail: 'the worker could not be started' } });

  const garbled = begin();
  garbled.worker.dispatchEvent(new MessageEvent('messageerror'));
  expect(await garbled.end).toMatchObject({ fault: { kind: 'worker-died' } });

  const bug = begin(async () => {
    throw new TypeError('bug');
  });
  expect(await bug.end).toMatchObject({ fault: { kind: 'worker-died', detail: expect.stringContaining('bug') } });
});

test('a worker that answers is waited for as long as it takes, one that falls silent a minute and a half', async () => {
  const { worker, end } = begin();
  let fault: unknown = null;
  void end.then((told) => {
    fault = told;
  });
  await time.pass(600_000);
  expect(fault).toBeNull();
  worker.isSilent = true;
  await time.pass(80_000);
  expect(fault).toBeNull();
  await time.pass(20_000);
  expect(fault).toMatchObject({ fault: { kind: 'hang', graph: null } });
  expect(worker.terminated).toBe(true);
});

test('a graph that never comes back is known by how long the like of it may take', async () => {
  const { worker, end } = begin();
  await time.pass(2000);
  worker.work({ graph: 'scene-encoder', backend: 'wasm', kind: 'run', size: 'small' });
  worker.isSilent = true;
  await time.pass(30_000);
  expect(await end).toMatchObject({ fault: { kind: 'hang', graph: 'scene-encoder', onGpu: false } });
});
