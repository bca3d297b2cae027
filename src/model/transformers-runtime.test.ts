import { expect, it } from 'vitest';
import { SerialQueue } from '../shared/serial-queue.ts';
import type { Runtime } from './graph.ts';
import { SessionLease } from './transformers-runtime.ts';

interface OpenSession {
  run(feeds: object): Promise<object>;
  config?: object;
}

/** A tensor that lies on the GPU until it is fetched. */
class GpuTensor {
  location = 'gpu-buffer';
  async getData(release: boolean): Promise<void> {
    expect(release).toBe(true);
    this.location = 'cpu';
  }
  dispose(): void {
    this.location = 'none';
  }
}

function fakeRuntime(run: () => Promise<object>): { runtime: Runtime; asked: object[] } {
  const asked: object[] = [];
  const create = async (_: Uint8Array, options: object) => {
    asked.push(options);
    if (options && 'externalData' in options) throw new Error('no memory for the weights: std::bad_alloc');
    return { inputNames: [], outputNames: [], inputMetadata: [], outputMetadata: [], run, release: async () => {} };
  };
  const sessionOptions = (backend: string) => ({ executionProviders: [backend] });
  const runtime = { ort: { InferenceSession: { create } }, cpu: 'wasm', sessionOptions, runs: new SerialQueue() };
  return { runtime: runtime as unknown as Runtime, asked };
}

const open = (lease: SessionLease, options: object) => lease.open(new Uint8Array(), options) as Promise<OpenSession>;
const MODEL = { executionProviders: [] };

it('gives what failed as a value that fails when it is looked into, since one rejection would fail all later calls of the library', async () => {
  const { runtime } = fakeRuntime(() => Promise.reject(new Error('Device lost')));
  const lease = new SessionLease(runtime, 'wasm');
  const session = await open(lease, MODEL);
  const outputs = await session.run({});
  expect(() => Object.keys(outputs)).toThrow(/graphics device was lost/);
  expect(lease.failure?.error.code).toBe('device-lost');

  const refused = await open(lease, { ...MODEL, externalData: [] });
  refused.config = {};
  expect(() => refused.run({})).toThrow();
});

it('leaves nothing open behind it, whatever was on its way when it was disposed', async () => {
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const released: number[] = [];
  let created = 0;
  const { runtime } = fakeRuntime(async () => ({}));
  const { InferenceSession } = runtime.ort as unknown as { InferenceSession: { create: (...args: unknown[]) => Promise<object> } };
  const make = InferenceSession.create;
  InferenceSession.create = async (...args) => {
    created += 1;
    const number = created;
    await begun;
    return { ...(await make(...args)), release: async () => void released.push(number) };
  };
  const lease = new SessionLease(runtime, 'wasm');
  const first = open(lease, MODEL);
  const second = open(lease, MODEL);
  await new Promise(setImmediate);
  const over = lease.dispose();
  begin();
  await over;
  for (const opened of [first, second]) {
    const session = await opened;
    expect(() => session.run({})).toThrow(/Stopped/);
  }
  expect(created).toBe(1);
  expect(released).toEqual([1]);
});

it('runs nothing more once it is cancelled', async () => {
  let runs = 0;
  const { runtime } = fakeRuntime(async () => {
    runs += 1;
    return {};
  });
  const lease = new SessionLease(runtime, 'wasm');
  const session = await open(lease, MODEL);
  lease.signal = AbortSignal.abort();
  const outputs = await session.run({});
  expect(() => Object.keys(outputs)).toThrow(/Stopped/);
  expect(runs).toBe(0);
});

it('leaves a cache on the GPU until it is let go, and fetches everything else', async () => {
  const present = new GpuTensor();
  const logits = new GpuTensor();
  const { runtime, asked } = fakeRuntime(async () => ({ 'present.0.key': present, logits }));
  const lease = new SessionLease(runtime, 'webgpu');
  const session = await open(lease, MODEL);
  expect(asked[0]).toMatchObject({ executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' });
  await session.run({});
  expect([present.location, logits.location]).toEqual(['gpu-buffer', 'cpu']);
  lease.releaseTensors();
  expect(present.location).toBe('none');
});

it('keeps the library’s own helpers on the CPU', async () => {
  const { runtime, asked } = fakeRuntime(async () => ({}));
  await open(new SessionLease(runtime, 'webgpu'), { logSeverityLevel: 3 });
  expect(asked[0]).toMatchObject({ executionProviders: ['wasm'] });
  expect(asked[0]).not.toHaveProperty('preferredOutputLocation');
});
