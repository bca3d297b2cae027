import { strFromU8, unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import { exportFiles } from '../export/files.ts';
import { watched } from '../export/session.fixture.ts';
import { archive } from './session-export.ts';

it('packs an export of several files so that each comes out as it went in', async () => {
  const at = new Date('2026-01-02T03:04:05Z');
  const files = exportFiles(watched(), 'bids', at);
  const unpacked = unzipSync(await archive(files, at));
  expect(Object.keys(unpacked)).toEqual(files.map((file) => file.path));
  for (const file of files) expect(strFromU8(unpacked[file.path] ?? new Uint8Array())).toBe(file.text);
});
