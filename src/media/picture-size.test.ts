import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type PictureFormat, sniffKind } from './kinds.ts';
import { pictureSize } from './picture-size.ts';

/** Another program's files: sharp (libvips) writes them. */
async function encoded(
  format: 'png' | 'jpeg' | 'webp' | 'gif' | 'avif',
  width: number,
  height: number,
  lossless = false,
): Promise<Uint8Array> {
  const picture = sharp({ create: { width, height, channels: 3, background: '#7a5' } });
  return new Uint8Array(await picture.toFormat(format, format === 'webp' ? { lossless } : {}).toBuffer());
}

function bmp(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(54);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  return bytes;
}

describe('pictureSize', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'avif'] as const)('reads a %s file', async (format) => {
    const bytes = await encoded(format, 37, 21);
    expect(sniffKind(bytes)).toEqual({ kind: 'picture', format });
    expect(pictureSize(bytes, format)).toEqual({ width: 37, height: 21 });
  });

  it('reads the other forms of WebP', async () => {
    expect(pictureSize(await encoded('webp', 300, 17, true), 'webp')).toEqual({ width: 300, height: 17 });
    const extended = await sharp({ create: { width: 40, height: 30, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } } })
      .webp()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect(pictureSize(new Uint8Array(extended), 'webp')).toEqual({ width: 40, height: 30 });
  });

  it('finds a JPEG’s dimensions behind a large profile', async () => {
    const plain = await encoded('jpeg', 64, 48);
    const segment = new Uint8Array(2 + 65535).fill(0xff);
    segment.set([0xff, 0xe2, 0xff, 0xff]);
    const bytes = new Uint8Array([...plain.subarray(0, 2), ...segment, ...segment, ...plain.subarray(2)]);
    expect(pictureSize(bytes, 'jpeg')).toEqual({ width: 64, height: 48 });
  });

  it('reads BMP, also with rows from the top', () => {
    expect(pictureSize(bmp(640, 480), 'bmp')).toEqual({ width: 640, height: 480 });
    expect(pictureSize(bmp(640, -480), 'bmp')).toEqual({ width: 640, height: 480 });
  });

  it('sees a 200-megapixel header in a file of a few bytes', () => {
    const bytes = new Uint8Array(33);
    bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
    new DataView(bytes.buffer).setUint32(16, 20_000);
    new DataView(bytes.buffer).setUint32(20, 10_000);
    expect(pictureSize(bytes, 'png')).toEqual({ width: 20_000, height: 10_000 });
  });

  it('goes by the first picture of a GIF where that is larger than its screen, as browsers do', () => {
    const gif = (side: number) => {
      const bytes = new Uint8Array([
        ...new TextEncoder().encode('GIF89a'),
        1,
        0,
        1,
        0,
        0x80,
        0,
        0,
        0,
        0,
        0,
        9,
        9,
        9,
        0x21,
        0xfe,
        2,
        1,
        1,
        0,
        0x2c,
      ]);
      const end = new Uint8Array(10);
      new DataView(end.buffer).setUint16(4, side, true);
      new DataView(end.buffer).setUint16(6, side, true);
      return new Uint8Array([...bytes, ...end]);
    };
    expect(pictureSize(gif(20_000), 'gif')).toEqual({ width: 20_000, height: 20_000 });
    expect(pictureSize(gif(1), 'gif')).toEqual({ width: 1, height: 1 });
    expect(pictureSize(gif(1).subarray(0, 25), 'gif')).toBeNull();
  });

  it('passes over what decoders pass over', async () => {
    const plain = await encoded('jpeg', 64, 48);
    expect(pictureSize(new Uint8Array([...plain.subarray(0, 2), 0, 7, 0xff, 0, ...plain.subarray(2)]), 'jpeg')).toEqual({
      width: 64,
      height: 48,
    });
  });

  it('gives null, and ends, for cut-off and hostile headers', async () => {
    const formats: PictureFormat[] = ['png', 'jpeg', 'webp', 'gif', 'bmp', 'avif', 'heic'];
    for (const format of formats) {
      expect(pictureSize(new Uint8Array(0), format)).toBeNull();
      expect(pictureSize(new Uint8Array(64), format)).toBeNull();
    }
    // A segment of length 0 and a box of length 0 inside a box must not be walked for ever.
    expect(pictureSize(Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xc0]), 'jpeg')).toBeNull();
    const avif = await encoded('avif', 37, 21);
    for (let cut = 0; cut < avif.length; cut += 7) pictureSize(avif.subarray(0, cut), 'avif');
    const zeroBox = new Uint8Array(64);
    zeroBox.set([0, 0, 0, 0, 0x6d, 0x65, 0x74, 0x61]);
    expect(pictureSize(zeroBox, 'avif')).toBeNull();
    // Boxes that claim to be longer than the file.
    const wide = new Uint8Array(64).fill(0xff);
    wide.set([0xff, 0xff, 0xff, 0xff, 0x69, 0x70, 0x63, 0x6f]);
    expect(pictureSize(wide, 'avif')).toBeNull();
  });
});
