/** What becomes of decoded samples, with a decoder that counts those that are open. */
import { expect, test, vi } from 'vitest';
import { openVideoFrames } from './video-frames.ts';

const open = new Set<number>();
function sample(timestamp: number) {
  open.add(timestamp);
  return {
    timestamp,
    displayWidth: 64,
    displayHeight: 48,
    rotation: 0,
    flip: false,
    pixelAspectRatio: { num: 1, den: 1 },
    toVideoFrame: () => ({}),
    close: () => open.delete(timestamp),
  };
}
vi.mock('mediabunny', () => ({
  ALL_FORMATS: [],
  BlobSource: class {},
  EncodedPacketSink: class {
    getPacket = async () => null;
  },
  Input: class {
    canRead = async () => true;
    getPrimaryAudioTrack = async () => null;
    dispose = () => {};
    getPrimaryVideoTrack = async () => ({
      canDecode: async () => true,
      computePacketStats: async () => ({ averagePacketRate: 25 }),
      getFirstTimestamp: async () => 0,
      computeDuration: async () => 1,
      getDisplayWidth: async () => 64,
      getDisplayHeight: async () => 48,
      getCodecParameterString: async () => 'vp8',
      getRotation: async () => 0,
    });
  },
  VideoSampleSink: class {
    async *samples() {
      for (const time of [0, 0.25, 0.5, 0.75]) yield sample(time);
    }
  },
}));

const every = { from: 0, to: 1, framesPerSecond: null, begin: null };

test('each sample is closed as the next one is asked for', async () => {
  const video = await openVideoFrames(new Blob(['video']));
  if (!video.ok) throw new Error(video.error.message);
  const times: number[] = [];
  for await (const piece of video.value.pieces(new AbortController().signal, every)) {
    if (piece.kind === 'frame') times.push(piece.frame.time);
    expect(open.size).toBeLessThanOrEqual(1);
  }
  expect([times, open.size]).toEqual([[0, 0.25, 0.5, 0.75], 0]);
});

test('where nobody asks for another, none stays open in the decoder', async () => {
  const video = await openVideoFrames(new Blob(['video']));
  if (!video.ok) throw new Error(video.error.message);
  for await (const piece of video.value.pieces(new AbortController().signal, every)) if (piece.kind === 'frame') break;
  expect(open.size).toBe(0);
});
