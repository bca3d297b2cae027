import { expect, it, vi } from 'vitest';
import { readZipDirectory } from './zip.ts';

const LIMITS = { files: 100, fileBytes: 1e9, bytes: 1e9 };

/** Nothing but the end of an archive, which says that its directory has so many bytes. */
function endOnly(bytes: number): Blob {
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(10, 1, true);
  end.setUint32(12, bytes, true);
  const padding = new Uint8Array(1 << 20);
  return new Blob([...Array.from({ length: Math.ceil(bytes / padding.length) }, () => padding), end.buffer]);
}

it('refuses a directory that would fill the memory, without reading it', async () => {
  const archive = endOnly(40 << 20);
  const slice = vi.spyOn(archive, 'slice');
  expect(await readZipDirectory(archive, LIMITS)).toBe('its directory is too large');
  for (const [from = 0, to = 0] of slice.mock.calls) expect(to - from).toBeLessThan(100_000);
});
