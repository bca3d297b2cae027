import { describe, expect, it } from 'vitest';
import { fileKind, sniffKind } from './kinds.ts';

const bytes = (...parts: (string | number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...part].map((letter) => letter.charCodeAt(0)) : part)));

const SAMPLES: [name: string, head: Uint8Array<ArrayBuffer>, expected: ReturnType<typeof sniffKind>][] = [
  ['PNG', bytes([0x89], 'PNG\r\n', [0x1a], '\n'), { kind: 'picture', format: 'png' }],
  ['JPEG', bytes([0xff, 0xd8, 0xff, 0xe1]), { kind: 'picture', format: 'jpeg' }],
  ['GIF', bytes('GIF89a', [1, 0, 1, 0]), { kind: 'picture', format: 'gif' }],
  ['WebP', bytes('RIFF', [4, 0, 0, 0], 'WEBPVP8 '), { kind: 'picture', format: 'webp' }],
  ['BMP', bytes('BM', [70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]), { kind: 'picture', format: 'bmp' }],
  ['AVIF', bytes([0, 0, 0, 20], 'ftypavif', [0, 0, 0, 0], 'mif1'), { kind: 'picture', format: 'avif' }],
  ['AVIF with another major brand', bytes([0, 0, 0, 24], 'ftypmif1', [0, 0, 0, 0], 'miafavif'), { kind: 'picture', format: 'avif' }],
  ['HEIC', bytes([0, 0, 0, 20], 'ftypheic', [0, 0, 0, 0], 'mif1'), { kind: 'picture', format: 'heic' }],
  ['MP4', bytes([0, 0, 0, 20], 'ftypisom', [0, 0, 2, 0], 'avc1'), { kind: 'video', format: 'mp4' }],
  ['MOV', bytes([0, 0, 0, 20], 'ftypqt  ', [0, 0, 2, 0], 'qt  '), { kind: 'video', format: 'mov' }],
  ['WebM', bytes([0x1a, 0x45, 0xdf, 0xa3, 0x9f, 0x42, 0x82, 0x84], 'webm'), { kind: 'video', format: 'webm' }],
  ['Matroska', bytes([0x1a, 0x45, 0xdf, 0xa3, 0xa3, 0x42, 0x82, 0x88], 'matroska'), { kind: 'video', format: 'matroska' }],
  ['AVI', bytes('RIFF', [4, 0, 0, 0], 'AVI LIST'), { kind: 'video', format: 'avi' }],
  ['sound in MP4', bytes([0, 0, 0, 20], 'ftypM4A ', [0, 0, 2, 0], 'mp42'), null],
  ['WAV', bytes('RIFF', [4, 0, 0, 0], 'WAVEfmt '), null],
  ['text that begins with BM', bytes('BMW is a car maker, not a bitmap at all'), null],
  ['SVG', bytes('<svg xmlns="http://www.w3.org/2000/svg"/>'), null],
  ['nothing', bytes(), null],
];

describe('sniffKind', () => {
  it.each(SAMPLES)('%s', (_name, head, expected) => {
    expect(sniffKind(head)).toEqual(expected);
  });
});

describe('fileKind', () => {
  it('goes by content, not by name', async () => {
    const file = new File([bytes([0x89], 'PNG\r\n', [0x1a], '\n')], 'holiday.mp4', { type: 'video/mp4' });
    expect(await fileKind(file)).toEqual({ ok: true, value: { kind: 'picture', format: 'png' } });
  });

  it('tells an empty file from one that is no picture', async () => {
    expect(await fileKind(new Blob([]))).toMatchObject({ ok: false, error: { code: 'file-empty' } });
    expect(await fileKind(new Blob(['hello']))).toMatchObject({ ok: false, error: { code: 'file-unsupported' } });
  });

  it('reports a file that cannot be read', async () => {
    const gone = new Blob(['x']);
    gone.slice = () => {
      throw new DOMException('moved', 'NotFoundError');
    };
    expect(await fileKind(gone)).toMatchObject({ ok: false, error: { code: 'file-unreadable' } });
  });
});
