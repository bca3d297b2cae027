/** What becomes of decoded samples, with a decoder that counts those that are open. */
import { beforeEach, expect, test, vi } from 'vitest';
import { openVideoFrames, type Sampling } from './video-frames.ts';

const open = new Set<number>();
/** The file, in seconds: its frames, and which of them are key frames, which cannot be decoded, and at which the decoder fails once. */
const film = { rate: 25, times: [] as number[], keys: [] as number[], damaged: [] as number[], passing: [] as number[] };
/** Where streams began, and how many frames were asked for one by one. */
const asked = { streams: [] as number[], alone: 0 };
beforeEach(() => {
  open.clear();
  Object.assign(film, { rate: 25, times: [0, 0.25, 0.5, 0.75], keys: [0], damaged: [], passing: [] });
  Object.assign(asked, { streams: [], alone: 0 });
});
const upTo = (time: number, times = film.times): number | undefined => times.findLast((each) => each <= time);
const packet = (timestamp: number | undefined) => (timestamp === undefined ? null : { timestamp });

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
    getPacket = async (time: number) => packet(upTo(time));
    getFirstPacket = async () => packet(film.times[0]);
    getNextKeyPacket = async ({ timestamp }: { timestamp: number }) => packet(film.keys.find((key) => key > timestamp));
  },
  Input: class {
    canRead = async () => true;
    getPrimaryAudioTrack = async () => null;
    dispose = () => {};
    getPrimaryVideoTrack = async () => ({
      canDecode: async () => true,
      computePacketStats: async () => ({ averagePacketRate: film.rate }),
      getFirstTimestamp: async () => 0,
      computeDuration: async () => 1,
      getDisplayWidth: async () => 64,
      getDisplayHeight: async () => 48,
      getCodecParameterString: async () => 'vp8',
      getRotation: async () => 0,
    });
  },
  VideoSampleSink: class {
    async *samples(from: number, to: number) {
      asked.streams.push(from);
      const first = upTo(from) ?? 0;
      for (const time of film.times.filter((each) => each >= first && each < to)) {
        const passing = film.passing.indexOf(time);
        if (passing >= 0) film.passing.splice(passing, 1);
        if (passing >= 0 || film.damaged.includes(time)) throw new Error('the decoder gave up');
        yield sample(time);
      }
    }
    async *samplesAtTimestamps(times: Iterable<number>) {
      for (const time of times) yield await this.getSample(time);
    }
    getSample = async (time: number) => {
      asked.alone += 1;
      const at = upTo(time);
      if (at === undefined) return null;
      const key = upTo(at, film.keys) ?? 0;
      if (film.damaged.some((each) => each >= key && each <= at)) throw new Error('the decoder gave up');
      return sample(at);
    };
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

/** All that comes of the film; one that has no end is broken off. */
async function read(sampling: Sampling) {
  const video = await openVideoFrames(new Blob(['video']));
  if (!video.ok) throw new Error(video.error.message);
  const times: number[] = [];
  const lost: { from: number; to: number }[] = [];
  for await (const piece of video.value.pieces(new AbortController().signal, sampling)) {
    if (piece.kind === 'frame') times.push(piece.frame.time);
    else lost.push({ from: piece.from, to: piece.to });
    if (times.length + lost.length > 2000) break;
  }
  return { times, lost };
}

const frames = (count: number, rate = 25) => Array.from({ length: count }, (_, k) => k / rate);

test('where the decoder fails once, all frames come, each once, and after some seconds as a stream again', async () => {
  film.times = frames(1000);
  film.passing = [2];
  expect(await read({ ...every, to: 40 })).toEqual({ times: film.times, lost: [] });
  expect(asked.streams).toEqual([0, 6.92]); // five seconds behind the last frame that had come
  expect(asked.alone).toBeLessThan(130);
  expect(open.size).toBe(0);
});

test('it may fail again and again, also where there is no other key frame', async () => {
  film.times = frames(1000);
  film.passing = [2, 2.04, 11, 39.96];
  expect(await read({ ...every, to: 40 })).toEqual({ times: film.times, lost: [] });
});

test('a damaged place is told up to the next key frame, and only what lies before it is read one by one', async () => {
  film.times = frames(1000);
  film.keys = [0, 10, 20, 30];
  film.damaged = [12];
  const { times, lost } = await read({ ...every, to: 40 });
  expect(times).toEqual(film.times.filter((time) => time < 12 || time >= 20));
  expect(lost).toEqual([{ from: expect.closeTo(12, 5), to: 20 }]);
  expect(asked.streams).toEqual([0, 20]);
});

test('a damaged key frame, which begins a little later than it was asked for, is passed over once', async () => {
  film.rate = 30;
  film.times = frames(300, 30).map((time) => Math.round(time * 1000) / 1000); // as WebM has them
  film.keys = [0, 4.267, 8.533];
  film.damaged = [4.267];
  for (const framesPerSecond of [null, 30]) {
    const { times, lost } = await read({ ...every, to: 10, framesPerSecond });
    expect(lost).toEqual([{ from: expect.closeTo(4.267, 2), to: 8.533 }]);
    expect(times).toEqual(film.times.filter((time) => time < 4.267 || time >= 8.533));
  }
});

test('two damaged places in a row are told one after the other; an error that passes behind one costs nothing more', async () => {
  film.times = frames(1000);
  film.keys = [0, 10, 20, 30];
  film.damaged = [12, 20];
  expect((await read({ ...every, to: 40 })).lost).toEqual([
    { from: expect.closeTo(12, 5), to: 20 },
    { from: expect.closeTo(20, 2), to: 30 },
  ]);
  film.damaged = [12];
  film.passing = [20];
  const { times, lost } = await read({ ...every, to: 40 });
  expect(lost).toEqual([{ from: expect.closeTo(12, 5), to: 20 }]);
  expect(times).toEqual(film.times.filter((time) => time < 12 || time >= 20));
});

test('where every frame is wanted, none between two steps of the average rate is left out after a failure', async () => {
  film.times = [0, 0.04, 0.08, 0.1, 0.11, 0.12, 0.3, 0.34];
  film.passing = [0.08];
  expect(await read({ ...every, to: 1 })).toEqual({ times: film.times, lost: [] });
});
