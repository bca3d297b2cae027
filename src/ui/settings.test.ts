import { expect, test } from 'vitest';
import { defaultSettings, parseSettings, readAddress } from './settings.ts';

test('the address chooses pack and backend, also for a single graph', () => {
  expect(readAddress('?pack=tiny&backend=wasm&backend.language-model=webgpu')).toEqual({
    pack: 'tiny',
    backend: 'wasm',
    graphBackends: { 'language-model': 'webgpu' },
  });
});

test('an address that makes no sense gives the default pack and no wishes', () => {
  expect(readAddress('?pack=../secret&backend=cuda&backend.nothing=wasm')).toEqual({ pack: 'emollm-s', backend: null, graphBackends: {} });
});

test('stored settings survive being broken or old', () => {
  expect(parseSettings('{nonsense')).toEqual(defaultSettings);
  expect(parseSettings('{"theme":"dark","smoothing":99,"overlay":{"boxes":false}}')).toEqual({
    ...defaultSettings,
    theme: 'dark',
    overlay: { ...defaultSettings.overlay, boxes: false },
  });
});
