/**
 * Which video codec a file holds, from its bytes: browsers only say "not supported", and the
 * user must know whether the file is broken or the codec is missing.
 */
import type { VideoFormat } from './kinds.ts';

export interface VideoCodec {
  /** What people call it. */
  name: string;
  /** For `canPlayType`: a common profile of it. */
  mime: string;
}

/** ISO sample entries (the four letters after `stsd`) of video codecs. */
const SAMPLE_ENTRIES: Record<string, VideoCodec> = {
  avc1: { name: 'H.264', mime: 'video/mp4; codecs="avc1.42E01E"' },
  avc3: { name: 'H.264', mime: 'video/mp4; codecs="avc3.42E01E"' },
  hvc1: { name: 'H.265 (HEVC)', mime: 'video/mp4; codecs="hvc1.1.6.L93.B0"' },
  hev1: { name: 'H.265 (HEVC)', mime: 'video/mp4; codecs="hev1.1.6.L93.B0"' },
  dvh1: { name: 'Dolby Vision', mime: 'video/mp4; codecs="dvh1.05.01"' },
  av01: { name: 'AV1', mime: 'video/mp4; codecs="av01.0.04M.08"' },
  vp08: { name: 'VP8', mime: 'video/mp4; codecs="vp08.00.10.08"' },
  vp09: { name: 'VP9', mime: 'video/mp4; codecs="vp09.00.10.08"' },
  mp4v: { name: 'MPEG-4 Part 2', mime: 'video/mp4; codecs="mp4v.20.8"' },
  jpeg: { name: 'Motion JPEG', mime: 'video/quicktime; codecs="jpeg"' },
  apch: { name: 'Apple ProRes', mime: 'video/quicktime; codecs="apch"' },
  apcn: { name: 'Apple ProRes', mime: 'video/quicktime; codecs="apcn"' },
  apcs: { name: 'Apple ProRes', mime: 'video/quicktime; codecs="apcs"' },
  ap4h: { name: 'Apple ProRes', mime: 'video/quicktime; codecs="ap4h"' },
};

/** Matroska codec ids, most special first. */
const MATROSKA_IDS: [id: string, codec: VideoCodec][] = [
  ['V_MPEGH/ISO/HEVC', { name: 'H.265 (HEVC)', mime: 'video/x-matroska; codecs="hvc1.1.6.L93.B0"' }],
  ['V_MPEG4/ISO/AVC', { name: 'H.264', mime: 'video/x-matroska; codecs="avc1.42E01E"' }],
  ['V_MPEG4/ISO', { name: 'MPEG-4 Part 2', mime: 'video/x-matroska; codecs="mp4v.20.8"' }],
  ['V_MPEG2', { name: 'MPEG-2', mime: 'video/x-matroska; codecs="mpeg2"' }],
  ['V_AV1', { name: 'AV1', mime: 'video/webm; codecs="av01.0.04M.08"' }],
  ['V_VP9', { name: 'VP9', mime: 'video/webm; codecs="vp9"' }],
  ['V_VP8', { name: 'VP8', mime: 'video/webm; codecs="vp8"' }],
  ['V_THEORA', { name: 'Theora', mime: 'video/ogg; codecs="theora"' }],
];

/** Containers that no browser reads, whatever is inside. */
const CONTAINERS: Partial<Record<VideoFormat, VideoCodec>> = {
  avi: { name: 'AVI', mime: 'video/x-msvideo' },
  mpeg: { name: 'MPEG', mime: 'video/mpeg' },
  flv: { name: 'Flash Video', mime: 'video/x-flv' },
  wmv: { name: 'Windows Media Video', mime: 'video/x-ms-wmv' },
  ogg: { name: 'Ogg Theora', mime: 'video/ogg; codecs="theora"' },
};

function text(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

/**
 * @param parts the file's first and last bytes (an MP4's index may stand at either end)
 * @returns null where no video codec is named in them: the file is cut off, or has sound alone
 */
export function videoCodec(parts: Uint8Array[], format: VideoFormat): VideoCodec | null {
  const container = CONTAINERS[format];
  if (container !== undefined) return container;
  for (const part of parts) {
    const content = text(part);
    if (format === 'mp4' || format === 'mov') {
      // stsd: 4 letters, version and flags (4), count (4), then the first entry: its size (4) and its letters.
      for (let at = content.indexOf('stsd'); at !== -1; at = content.indexOf('stsd', at + 4)) {
        const codec = SAMPLE_ENTRIES[content.slice(at + 16, at + 20)];
        if (codec !== undefined) return codec;
      }
    } else {
      const found = MATROSKA_IDS.find(([id]) => content.includes(id));
      if (found !== undefined) return found[1];
    }
  }
  return null;
}
