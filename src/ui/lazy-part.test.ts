import { expect, it, vi } from 'vitest';
import { LazyPart } from './lazy-part.tsx';

const View = () => null;

it('fetches a part once; one that could not be had is asked for again', async () => {
  const load = vi.fn(async () => View).mockRejectedValueOnce(new TypeError('Failed to fetch'));
  const part = new LazyPart(load);
  await expect(part.fetch()).rejects.toThrow('Failed to fetch');
  expect(part.view).toBeNull();
  await part.fetch();
  expect(part.view).toBe(View);
  await part.fetch();
  expect(load).toHaveBeenCalledTimes(2);
});

it('is silent about what it fetched ahead in vain', async () => {
  const part = new LazyPart(() => Promise.reject<typeof View>(new TypeError('Failed to fetch')));
  part.preload();
  await new Promise((resolve) => setImmediate(resolve));
  expect(part.view).toBeNull();
});
