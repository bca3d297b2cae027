import { describe, expect, it } from 'vitest';
import type { Fault } from '../shared/faults.ts';
import type { LoadOptions } from '../workers/api.ts';
import { Recovery } from './recovery.ts';

const OPTIONS: LoadOptions = {
  packUrl: 'http://localhost/pack/',
  wasmUrl: 'http://localhost/ort/',
  backend: 'auto',
  graphBackends: { 'scene-encoder': 'webgpu' },
  threads: 0,
};
const MINUTE = 60_000;
const died: Fault = { kind: 'worker-died', detail: '' };
const lost: Fault = { kind: 'device-lost', detail: '' };
const full: Fault = { kind: 'out-of-memory', detail: '' };
const hang: Fault = { kind: 'hang', graph: 'language-model', onGpu: true, detail: '' };

function setUp() {
  let now = 0;
  const recovery = new Recovery(() => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { recovery, pass };
}

describe('Recovery', () => {
  it('starts a worker that died again three times in ten minutes, as it was, then leaves it to the user', () => {
    const { recovery, pass } = setUp();
    for (let times = 0; times < 3; times += 1) {
      expect(recovery.after(died, false)).toEqual({ fault: 'worker-died', change: { kind: 'none' } });
      pass(MINUTE);
    }
    expect(recovery.after(died, false)).toBeNull();
    expect(recovery.adjusted(OPTIONS)).toEqual(OPTIONS);
    // The first lies ten minutes back: once more.
    pass(7 * MINUTE);
    expect(recovery.after(died, false)).not.toBeNull();
    expect(recovery.after(died, false)).toBeNull();
  });

  it('moves everything to WebAssembly with the second loss of the device, and says so', () => {
    const { recovery, pass } = setUp();
    expect(recovery.after(lost, false)?.change).toEqual({ kind: 'none' });
    expect(recovery.adjusted(OPTIONS)).toEqual(OPTIONS);
    pass(60 * MINUTE);
    expect(recovery.after(lost, false)?.change).toEqual({ kind: 'all-on-wasm' });
    expect(recovery.adjusted(OPTIONS)).toMatchObject({
      backend: 'wasm',
      graphBackends: {},
      notes: [expect.stringContaining('lost twice')],
    });
  });

  it('moves the graph that hung twice on WebGPU, and no other', () => {
    const { recovery, pass } = setUp();
    recovery.after({ ...hang, graph: 'scene-encoder' }, false);
    recovery.after(hang, false);
    pass(11 * MINUTE);
    expect(recovery.after(hang, false)?.change).toEqual({ kind: 'graph-on-wasm', graph: 'language-model' });
    expect(recovery.adjusted(OPTIONS)).toMatchObject({
      backend: 'auto',
      graphBackends: { 'scene-encoder': 'webgpu', 'language-model': 'wasm' },
      notes: [expect.stringContaining('language-model graph hung twice')],
    });
  });

  it('has nowhere to move a graph that hangs on WebAssembly', () => {
    const { recovery } = setUp();
    recovery.after({ ...hang, onGpu: false }, false);
    expect(recovery.after({ ...hang, onGpu: false }, false)?.change).toEqual({ kind: 'none' });
  });

  it('goes on without the language model where memory ran out, and not a second time', () => {
    const { recovery } = setUp();
    expect(recovery.after(full, false)?.change).toEqual({ kind: 'without-language-model' });
    expect(recovery.adjusted(OPTIONS)).toMatchObject({
      without: ['language-model'],
      notes: [expect.stringContaining('ran out of memory')],
    });
    expect(recovery.after(full, false)).toBeNull();
  });

  it('has the pack’s own language model take a foundation pack’s place where memory ran out, and leaves that out the next time', () => {
    const { recovery } = setUp();
    const options = { ...OPTIONS, foundation: 'smolvlm' };
    expect(recovery.after(full, true)?.change).toEqual({ kind: 'without-foundation' });
    expect(recovery.adjusted(options)).toEqual({ ...options, foundation: null, notes: [expect.stringContaining('own language model')] });
    expect(recovery.adjusted(OPTIONS)).toEqual(OPTIONS);
    expect(recovery.after(full, true)?.change).toEqual({ kind: 'without-language-model' });
    expect(recovery.after(full, true)).toBeNull();
    recovery.forget();
    expect(recovery.adjusted(options)).toEqual(options);
  });

  it('forgets all of it when the user loads anew', () => {
    const { recovery } = setUp();
    recovery.after(full, false);
    recovery.after(lost, false);
    recovery.after(lost, false);
    recovery.forget();
    expect(recovery.adjusted(OPTIONS)).toEqual(OPTIONS);
    expect(recovery.after(lost, false)?.change).toEqual({ kind: 'none' });
  });
});
