import { expect, test } from 'vitest';
import { VERSION } from '../shared/version.ts';
import { defaultSettings, parseChoices, parseSettings, readAddress } from './settings.ts';

test('the address chooses pack and backend, also for a single graph', () => {
  expect(readAddress('?pack=tiny&backend=wasm&backend.language-model=webgpu')).toEqual({
    pack: 'tiny',
    packNamed: true,
    foundation: null,
    backend: 'wasm',
    graphBackends: { 'language-model': 'webgpu' },
  });
});

test('an address that makes no sense gives the default pack and no wishes', () => {
  expect(readAddress('?pack=../secret&foundation=../secret&backend=cuda&backend.nothing=wasm')).toEqual({
    pack: 'emollm-s',
    packNamed: false,
    foundation: null,
    backend: null,
    graphBackends: {},
  });
});

test('stored settings survive being broken or old', () => {
  expect(parseSettings('{nonsense')).toEqual(defaultSettings);
  expect(parseSettings('{"theme":"dark","smoothing":99,"overlay":{"boxes":false}}')).toEqual({
    ...defaultSettings,
    theme: 'dark',
    overlay: { ...defaultSettings.overlay, boxes: false },
  });
  expect([parseSettings('{"language":"de","cameraNoticed":true}'), parseSettings('{"language":"tlh","cameraNoticed":1}')]).toEqual([
    { ...defaultSettings, language: 'de', cameraNoticed: true },
    defaultSettings,
  ]);
  expect([parseSettings('{}').keepSessions, parseSettings('{"keepSessions":false}').keepSessions]).toEqual([true, false]);
});

test('packs, their prompting and the mirror are kept; what is no pack and no safe address is left out', () => {
  const kept = { foundation: 'smolvlm-256m-instruct', storedPack: 'mine-1', prompting: 'plain', mirror: 'https://mirror.example/hub/' };
  expect(parseSettings(JSON.stringify(kept))).toEqual({ ...defaultSettings, ...kept });
  const broken = { foundation: '../x', storedPack: 7, prompting: 'loud', mirror: 'http://mirror.example/' };
  expect(parseSettings(JSON.stringify(broken))).toEqual(defaultSettings);
});

test('measured backends are known again, unless another version of the app measured them or the entry is broken', () => {
  const graphs = { 'language-model': { webgpu: 7, wasm: 20 } };
  const stored = { app: VERSION, identity: 'some GPU · 4', graphs };
  expect(parseChoices(JSON.stringify(stored))).toEqual({ identity: 'some GPU · 4', graphs });
  expect(parseChoices(JSON.stringify({ ...stored, app: '0.0.1' }))).toBeNull();
  expect(parseChoices(JSON.stringify({ ...stored, graphs: { 'language-model': { webgpu: 'fast' } } }))).toBeNull();
  expect(parseChoices('{nonsense')).toBeNull();
  expect(parseChoices(null)).toBeNull();
});
