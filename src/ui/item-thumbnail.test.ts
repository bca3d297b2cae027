import { afterEach, expect, test, vi } from 'vitest';
import { setThumbnail } from './item-thumbnail.ts';
import { PictureShelf } from './picture-shelf.ts';
import { StateStore } from './state-store.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('thumbnails that were made while the first one was awaited are given up, but for the last', async () => {
  const made: string[] = [];
  const revoked: string[] = [];
  vi.spyOn(URL, 'createObjectURL').mockImplementation(() => `blob:${made.push('') - 1}`);
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => void revoked.push(url));
  const pending: BlobCallback[] = [];
  vi.stubGlobal('document', {
    createElement: () => ({ getContext: () => ({ drawImage: () => {} }), toBlob: (done: BlobCallback) => pending.push(done) }),
  });
  const store = new StateStore();
  const shelf = new PictureShelf();
  store.dispatch({ type: 'item-added', item: { id: 'c', kind: 'camera', name: 'Camera' }, select: true });
  const image = {} as ImageBitmap;
  const all = [1, 2, 3, 4].map(() => setThumbnail({ store, shelf }, 'c', image, { width: 64, height: 48 }));
  const blobs = [new Blob(['1']), new Blob(['2']), null, new Blob(['4'])];
  for (const [index, done] of pending.entries()) done(blobs[index] ?? null);
  await Promise.all(all);
  expect(made).toHaveLength(3);
  expect(revoked).toEqual(['blob:0', 'blob:1']);
  expect(store.get().items[0]?.thumbnail).toBe('blob:2');
  expect(await shelf.thumbnail('c')?.text()).toBe('4');
});
