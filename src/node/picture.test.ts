import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPicture } from './picture.ts';

let folder: string;
let avif: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emollm-picture-'));
  const picture = sharp({ create: { width: 16, height: 16, channels: 3, background: '#888888' } });
  avif = await picture.avif().toBuffer();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (name: string, bytes: Buffer) => {
  await writeFile(join(folder, name), bytes);
  return readPicture(join(folder, name));
};

it('says of HEIC that it cannot be read here, not that it is damaged', async () => {
  const heic = Buffer.from(avif.toString('latin1').replaceAll('avif', 'heic').replaceAll('av01', 'hvc1'), 'latin1');
  expect(await read('phone.heic', heic)).toMatchObject({
    ok: false,
    error: { code: 'file-unsupported', message: 'phone.heic is HEIC, which cannot be read here.', remedy: 'Save it as JPEG or PNG first.' },
  });
});

it('reads AVIF, which lies in the same container, and says where it is damaged', async () => {
  expect(await read('a.avif', avif)).toMatchObject({ ok: true, value: { width: 16, height: 16 } });
  expect(await read('b.avif', avif.subarray(0, 200))).toMatchObject({ ok: false, error: { code: 'picture-broken' } });
});
