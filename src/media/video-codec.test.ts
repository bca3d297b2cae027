import { describe, expect, it } from 'vitest';
import { videoCodec } from './video-codec.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
/** A sample description box as in ISO 14496-12, 8.5.2: version and flags, count 1, an entry. */
const stsd = (entry: string): string => `\0\0\0\x60stsd\0\0\0\0\0\0\0\x01\0\0\0\x50${entry}\0\0\0\0\0\0`;

describe('videoCodec', () => {
  it('names an MP4’s video codec and skips the sound track', () => {
    expect(videoCodec([bytes(`....moov${stsd('mp4a')}....${stsd('hvc1')}`)], 'mp4')?.name).toBe('H.265 (HEVC)');
  });

  it('finds an index at the end of the file', () => {
    expect(videoCodec([bytes('ftypisom....mdat'), bytes(stsd('avc1'))], 'mp4')?.name).toBe('H.264');
  });

  it('names Matroska codecs', () => {
    expect(videoCodec([bytes('....V_MPEGH/ISO/HEVC....A_OPUS')], 'matroska')?.name).toBe('H.265 (HEVC)');
    expect(videoCodec([bytes('....V_VP9')], 'webm')?.name).toBe('VP9');
  });

  it('knows none in a file that is cut off or holds sound alone', () => {
    expect(videoCodec([bytes('ftypisom....mdat........')], 'mp4')).toBeNull();
    expect(videoCodec([bytes(stsd('mp4a'))], 'mp4')).toBeNull();
    expect(videoCodec([bytes('stsd')], 'mp4')).toBeNull();
  });

  it('names a container that no browser opens', () => {
    expect(videoCodec([], 'avi')?.name).toBe('AVI');
  });
});
