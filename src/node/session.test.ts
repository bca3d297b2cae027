import { expect, it, vi } from 'vitest';
import { openEngine } from './session.ts';

vi.mock('onnxruntime-node', () => {
  throw new Error('no such library');
});

it('says what to do where the CPU library is not made for this platform', async () => {
  const { signal } = new AbortController();
  const opened = await openEngine(signal, { pack: null, backend: 'auto', threads: 1 }, () => {});
  expect(opened).toMatchObject({ ok: false, error: { code: 'graph-failed', remedy: 'Run it again with --backend wasm.' } });
});
