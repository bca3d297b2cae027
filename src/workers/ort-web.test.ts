import { describe, expect, it } from 'vitest';
import { threadCount, usesWebGpu } from './ort-web.ts';

const gpu = { adapter: 'a card', shaderF16: false, software: false, device: null };
const swiftShader = { ...gpu, software: true };

describe('threadCount', () => {
  it('is 1 without cross-origin isolation, else as many as there are, at most four', () => {
    expect(threadCount(0, 16, false)).toBe(1);
    expect(threadCount(8, 16, false)).toBe(1);
    expect(threadCount(0, 2, true)).toBe(2);
    expect(threadCount(0, 16, true)).toBe(4);
    expect(threadCount(8, 16, true)).toBe(8);
    expect(threadCount(8, 2, true)).toBe(2);
  });
});

describe('usesWebGpu', () => {
  it('loads the WebGPU build only where a graph may run there', () => {
    expect(usesWebGpu('auto', {}, gpu)).toBe(true);
    expect(usesWebGpu('auto', {}, null)).toBe(false);
    expect(usesWebGpu('webgpu', {}, null)).toBe(false);
    expect(usesWebGpu('wasm', {}, gpu)).toBe(false);
    expect(usesWebGpu('wasm', { 'language-model': 'webgpu' }, gpu)).toBe(true);
  });

  it('takes a software adapter only when it is asked for', () => {
    expect(usesWebGpu('auto', {}, swiftShader)).toBe(false);
    expect(usesWebGpu('webgpu', {}, swiftShader)).toBe(true);
  });
});
