import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { clearAtStart, clearIfAsked } from './site-data.ts';

/** As the browser's: its keys are properties. */
class FakeStorage {
  [key: string]: unknown;

  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? String(this[key]) : null;
  }

  setItem(key: string, value: string): void {
    this[key] = value;
  }

  removeItem(key: string): void {
    delete this[key];
  }
}

let local: FakeStorage;
let cacheNames: Set<string>;
let folders: Set<string>;
let registered: boolean;

beforeEach(async () => {
  local = new FakeStorage();
  cacheNames = new Set(['emollm-shell https://example.org/', 'another-app']);
  folders = new Set(['emollm-packs-1', 'held', 'another-app']);
  registered = true;
  vi.stubGlobal('sessionStorage', new FakeStorage());
  vi.stubGlobal('localStorage', local);
  vi.stubGlobal('document', { baseURI: 'https://example.org/' });
  vi.stubGlobal('caches', { keys: async () => [...cacheNames], delete: async (name: string) => cacheNames.delete(name) });
  vi.stubGlobal('navigator', {
    serviceWorker: {
      getRegistration: async () => ({
        unregister: async () => {
          registered = false;
        },
      }),
    },
    storage: { getDirectory: async () => ({ keys: () => folders.keys(), removeEntry: async (name: string) => folders.delete(name) }) },
  });
  local.setItem('emollm-settings', '{}');
  local.setItem('another-app', '1');
  (await openDB('emollm-sessions', 1)).close();
  (await openDB('another-app', 1)).close();
});
afterEach(() => vi.unstubAllGlobals());

const databases = async () => (await indexedDB.databases()).map(({ name }) => name).sort();

test('nothing is removed unless it was asked for', async () => {
  await clearIfAsked();
  expect(local.getItem('emollm-settings')).toBe('{}');
  expect(await databases()).toContain('emollm-sessions');
  expect(registered).toBe(true);
});

test('all that is the page’s own goes, once; what other pages of the host keep stays', async () => {
  clearAtStart();
  await clearIfAsked();
  expect(local.getItem('emollm-settings')).toBeNull();
  expect(local.getItem('another-app')).toBe('1');
  expect(await databases()).toEqual(['another-app']);
  expect([...cacheNames]).toEqual(['another-app']);
  expect([...folders]).toEqual(['held', 'another-app']);
  expect(registered).toBe(false);

  local.setItem('emollm-settings', '{}');
  await clearIfAsked();
  expect(local.getItem('emollm-settings')).toBe('{}');
});

test('what cannot be removed does not keep the rest', async () => {
  vi.stubGlobal('caches', { keys: () => Promise.reject(new DOMException('', 'SecurityError')) });
  clearAtStart();
  await clearIfAsked();
  expect([...folders]).toEqual(['held', 'another-app']);
  expect(registered).toBe(false);
});

test('where storage is refused the page starts all the same', async () => {
  vi.stubGlobal('sessionStorage', {
    getItem: () => {
      throw new DOMException('', 'SecurityError');
    },
  });
  await clearIfAsked();
  expect(registered).toBe(true);
});
