import { describe, expect, test } from 'vitest';
import { anchorCentres, FaceDetector, tileLevels } from '../model/face-detector.ts';
import { FaceEncoder } from '../model/face-encoder.ts';
import { LandmarkFinder } from '../model/landmarks.ts';
import { fakeRunner } from '../model/runner.fixture.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import { FastPath } from './fast-path.ts';

const detectorEntry = {
  graph: 'face-detector-short' as const,
  size: 128,
  layers: [{ stride: 16, anchors: 1 }],
  mean: 0.5,
  std: 0.5,
  scoreThreshold: 0.5,
  iouThreshold: 0.3,
};
const parts = {
  faceDetectors: [detectorEntry, { ...detectorEntry, graph: 'face-detector-full' as const }],
  landmarks: { graph: 'face-landmarks' as const, size: 8, cropScale: 1.5, presenceThreshold: 0.5, eyeCorners: [33, 263] },
  faceEncoder: {
    graph: 'face-encoder' as const,
    size: 4,
    cropScale: 1.2,
    cropShift: [0, -0.1],
    minDeviation: 8,
    labels: [...EMOTION_LABELS],
    flip: true,
    int8: false,
    temperature: 1,
    uncertainBelow: 0.4,
    circumplex: EMOTION_LABELS.map(() => [0, 0]),
    circumplexSource: 'test',
  },
  actionUnits: [],
  projection: { graph: 'projection' as const, imageTokens: 1, maxFaces: 1, faceTokens: 1 },
};

/** What the fake graphs see: faces by the anchor (row-major on 8×8), their size and score logit; presence; the top label. */
interface World {
  faces: { anchor: number; size: number; logit: number }[];
  presence: number;
  label: (typeof EMOTION_LABELS)[number];
  /** Where in its crop the landmark graph sees the face's centre; without it all points lie in one, which nothing can follow. */
  meshAt?: { x: number; y: number };
  /** So many faces have landmarks; 1 where nothing is said. */
  maxFaces?: number;
  /** Told how many crops the encoder gets at once. */
  onEncode?: (crops: number) => void;
}

/** 468 points on a ring about a place of the crop of 8 px. */
const ring = ({ x, y }: { x: number; y: number }): number[] =>
  Array.from({ length: 468 }, (_, index) => [x + 2 * Math.cos(index), y + 2 * Math.sin(index), 0]).flat();

function fastPathIn(world: World, onDetect: () => void = () => {}): FastPath {
  const detector = (entry: (typeof parts.faceDetectors)[number]) => {
    const anchors = anchorCentres(entry).length / 2;
    const graph = fakeRunner({ input: [1, 128, 128, 3] }, () => {
      const boxes = new Float32Array(anchors * 16);
      const scores = new Float32Array(anchors).fill(-50);
      onDetect();
      for (const { anchor, size, logit } of world.faces) {
        boxes.set([0, 0, size, size, -5, 0, 5, 0], anchor * 16);
        scores[anchor] = logit;
      }
      return { boxes, scores };
    });
    return new FaceDetector(graph, entry);
  };
  const landmarks = fakeRunner({ input: [1, 3, 8, 8] }, () => ({
    mesh: world.meshAt ? ring(world.meshAt) : new Float32Array(1404).fill(4),
    presence: [world.presence],
  }));
  const encoder = fakeRunner({ pixel_values: ['N', 1, 4, 4] }, ({ pixel_values }) => {
    const count = pixel_values?.dims[0] ?? 0;
    world.onEncode?.(count);
    return {
      logits: Array.from({ length: count }, () => EMOTION_LABELS.map((label) => (label === world.label ? 10 : 0))).flat(),
      face_tokens: Array.from({ length: count }, (_, i) => [i, i]).flat(),
    };
  });
  return new FastPath(
    {
      short: detector(detectorEntry),
      full: detector({ ...detectorEntry, graph: 'face-detector-full' }),
      landmarks: new LandmarkFinder(landmarks, parts.landmarks),
      encoder: new FaceEncoder(encoder, parts.faceEncoder),
    },
    { ...parts, projection: { ...parts.projection, maxFaces: world.maxFaces ?? 1 } },
  );
}

const frame = (time: number) => ({ width: 128, height: 128, data: new Uint8ClampedArray(128 * 128 * 4), time });
const live = { sourceId: 'camera', mode: 'live' as const, smoothing: 1 };
const face = (anchor: number, size = 30, logit = 5) => ({ anchor, size, logit });

describe('live', () => {
  test('a face keeps its id from frame to frame and its emotion changes slowly; another source starts anew', async () => {
    const world: World = { faces: [face(9), face(54)], presence: 5, label: 'neutral' };
    const fastPath = fastPathIn(world);
    expect((await fastPath.read(frame(0), live)).readings.map((reading) => reading.faceId)).toEqual([1, 2]);
    world.faces = [face(54)];
    world.label = 'anger';
    const { readings } = await fastPath.read(frame(0.1), live);
    expect(readings.map((reading) => [reading.faceId, reading.emotion])).toEqual([[2, 'neutral']]);
    const other = await fastPath.read(frame(0.2), { ...live, sourceId: 'clip.mp4' });
    expect(other.readings.map((reading) => [reading.faceId, reading.emotion])).toEqual([[1, 'anger']]);
  });

  test('what stands where a face was a moment ago, before anybody looked, makes nobody of it', async () => {
    const world: World = { faces: [face(27, 30)], presence: 5, label: 'neutral', meshAt: { x: 4, y: 4 } };
    const fastPath = fastPathIn(world);
    const painted = (time: number, grey: number) => {
      const picture = frame(time);
      for (let at = 0; at < picture.data.length; at += 4) picture.data.set([grey, grey / 2, 255 - grey, 255], at);
      return picture;
    };
    const ids = [];
    // The second frame comes too soon for landmarks: its face is left where it was, on a picture that is quite another.
    for (const [time, grey] of [
      [0, 20],
      [0.01, 230],
      [0.02, 20],
    ] as const) {
      ids.push(...(await fastPath.read(painted(time, grey), live)).readings.map(({ faceId }) => faceId));
    }
    expect(ids).toEqual([1, 1, 1]);
  });

  test('a job in the background has a memory of its own: neither disturbs the other’s ids and smoothing', async () => {
    const world: World = { faces: [face(9), face(54)], presence: 5, label: 'neutral' };
    const fastPath = fastPathIn(world);
    await fastPath.read(frame(0), live);
    const job = { ...live, sourceId: 'clip.mp4', background: true };
    world.faces = [face(54)];
    world.label = 'anger';
    const told = async (time: number, options: typeof live) =>
      (await fastPath.read(frame(time), options)).readings.map((reading) => [reading.faceId, reading.emotion]);
    expect(await told(0, job)).toEqual([[1, 'anger']]);
    expect(await told(0.1, live)).toEqual([[2, 'neutral']]);
    world.label = 'neutral';
    expect(await told(0.1, job)).toEqual([[1, 'anger']]);
  });

  test('landmarks of the largest faces only, as many as the deep path describes', async () => {
    const { readings } = await fastPathIn({ faces: [face(9, 20), face(54, 30)], presence: 5, label: 'fear' }).read(frame(0), live);
    const measured = readings.filter((reading) => reading.landmarks.length > 0);
    expect(measured.map((reading) => Math.round(reading.box.width))).toEqual([30]);
  });
});

describe('live, between two detections', () => {
  const middle = { x: 4, y: 4 };
  const follow = (maxFaces = 1) => {
    const world: World = { faces: [face(27)], presence: 5, label: 'neutral', meshAt: middle, maxFaces };
    const seen = { detections: 0 };
    const fastPath = fastPathIn(world, () => {
      seen.detections += 1;
    });
    return { world, seen, read: async (time: number, options = live) => (await fastPath.read(frame(time), options)).readings };
  };

  test('the face is followed by its landmarks, its id kept, and looked for again after a quarter of a second', async () => {
    const { world, seen, read } = follow();
    const [first] = await read(0);
    const once = seen.detections;
    expect(once).toBeGreaterThan(0);
    world.meshAt = { x: 4.4, y: 4 }; // of a crop 1.5 · 30 px wide, so 45 / 8 · 0.4 px to the right
    const [second] = await read(0.1);
    expect(seen.detections).toBe(once);
    expect(second?.faceId).toBe(first?.faceId);
    expect((second?.box.x ?? 0) - (first?.box.x ?? 0)).toBeCloseTo(2.25, 1);
    world.meshAt = middle; // in the crop that has moved with it: it stays there
    const [third] = await read(0.2);
    expect(third?.box.x).toBeCloseTo(second?.box.x ?? 0, 1);
    await read(0.3);
    expect(seen.detections).toBeGreaterThan(once);
  });

  test('on a frame that comes at once after, the face is read where it was', async () => {
    const { world, seen, read } = follow();
    const [first] = await read(0);
    const once = seen.detections;
    world.meshAt = { x: 4.4, y: 4 };
    world.label = 'anger';
    const [next] = await read(0.03, { ...live, smoothing: 0 });
    expect(next?.box).toEqual(first?.box);
    expect(next?.emotion).toBe('anger');
    expect(seen.detections).toBe(once);
    const [later] = await read(0.06, { ...live, smoothing: 0 });
    expect(later?.box.x).toBeGreaterThan(first?.box.x ?? 0);
  });

  test('a face that the landmark graph loses, a seek, and another source are looked for at once', async () => {
    const { world, seen, read } = follow();
    await read(1);
    const once = seen.detections;
    await read(0.9);
    expect(seen.detections).toBe(2 * once);
    await read(0.95, { ...live, sourceId: 'clip.mp4' });
    expect(seen.detections).toBe(3 * once);
    world.presence = -5;
    await read(1, { ...live, sourceId: 'clip.mp4' });
    expect(seen.detections).toBe(4 * once);
  });

  test('faces so near that they may be taken for each other are looked for on every frame, others are not', async () => {
    const { world, seen, read } = follow(2);
    world.faces = [face(27, 46), face(36, 46)]; // 23 px apart, half a side
    expect(await read(0)).toHaveLength(2);
    const once = seen.detections;
    await read(0.1);
    expect(seen.detections).toBe(2 * once);
    world.faces = [face(9), face(54)];
    await read(1);
    const apart = seen.detections;
    expect(await read(1.1)).toHaveLength(2);
    expect(seen.detections).toBe(apart);
  });

  test('more faces than have landmarks are looked for on every frame', async () => {
    const { world, seen, read } = follow();
    world.faces = [face(9), face(54)];
    await read(0);
    const once = seen.detections;
    expect(await read(0.1)).toHaveLength(2);
    expect(seen.detections).toBe(2 * once);
  });
});

test('nobody in a large frame: small faces are looked for once a second', async () => {
  let runs = 0;
  const path = fastPathIn({ faces: [], presence: 0, label: 'neutral' }, () => {
    runs += 1;
  });
  const runsAt = async (time: number, sourceId = 'a') => {
    const before = runs;
    const picture = { width: 1000, height: 600, data: new Uint8ClampedArray(1000 * 600 * 4), time };
    await path.read(picture, { sourceId, mode: 'live', smoothing: 0 });
    return runs - before;
  };
  // Both detectors on the whole frame; the full-range one on eight tiles, too.
  for (const [time, expected] of [
    [0, 10],
    [0.5, 2],
    [1.1, 10],
    [0.2, 10], // gone back
  ] as const)
    expect(await runsAt(time)).toBe(expected);
  expect(await runsAt(0.3, 'b')).toBe(10);
});

test('small faces of a large frame are followed for a second where somebody watches; a job looks again after a quarter', async () => {
  let runs = 0;
  // One on the whole frame, and one in the only tile whose edge does not cut it: more than have landmarks otherwise.
  const world: World = { faces: [{ anchor: 0, size: 12, logit: 5 }], presence: 10, label: 'neutral', meshAt: { x: 4, y: 4 } };
  const path = fastPathIn(world, () => {
    runs += 1;
  });
  const isLookedFor = async (time: number, background: boolean) => {
    const before = runs;
    const picture = { width: 1000, height: 600, data: new Uint8ClampedArray(1000 * 600 * 4), time };
    const { readings } = await path.read(picture, { sourceId: 'a', mode: 'live', smoothing: 0, background });
    expect(readings.length).toBeGreaterThan(0);
    return runs > before;
  };
  const times = [0, 0.3, 0.9, 1.05];
  const watched = [];
  for (const time of times) watched.push(await isLookedFor(time, false));
  expect(watched).toEqual([true, false, false, true]);
  const job = [];
  for (const time of times) job.push(await isLookedFor(time, true));
  expect(job).toEqual([true, true, true, false]);
});

test('a crowd: its small faces are looked for every other second, and followed; one that gets lost is away until it is there again', async () => {
  let runs = 0;
  let looks = 0;
  let lostAt = 0;
  // 8 of 128 px are 62 px of the whole frame, and 25 of a tile of 400: each tile has one, and so has each that is half as large.
  const world: World = {
    faces: [{ anchor: 27, size: 8, logit: 5 }],
    get presence() {
      looks += 1;
      return looks === lostAt ? -10 : 10;
    },
    label: 'neutral',
    meshAt: { x: 4, y: 4 },
  };
  const path = fastPathIn(world, () => {
    runs += 1;
  });
  const at = async (time: number) => {
    const before = runs;
    const picture = { width: 1000, height: 600, data: new Uint8ClampedArray(1000 * 600 * 4), time };
    const { readings } = await path.read(picture, { sourceId: 'a', mode: 'live', smoothing: 0 });
    return {
      ids: readings.map(({ faceId }) => faceId),
      landmarks: readings.every(({ landmarks }) => landmarks.length > 0),
      runs: runs - before,
    };
  };
  const first = await at(0);
  // Both detectors on the whole frame, the full-range one on all tiles of two sizes.
  expect(first.runs).toBe(2 + tileLevels({ width: 1000, height: 600 }, 128).slice(0, 2).flat().length);
  expect(first.ids.length).toBeGreaterThan(20);
  expect(first.landmarks).toBe(true);
  expect(await at(0.5)).toEqual({ ...first, runs: 0 });
  lostAt = looks + 3;
  expect(await at(1)).toEqual({ ids: first.ids.toSpliced(2, 1), landmarks: true, runs: 0 });
  expect(await at(1.5)).toEqual({ ...first, runs: 0 });
  expect((await at(2.1)).runs).toBe(first.runs);
});

test('a film that is cut: faces are looked for at once, the last shot’s smoothing ends, and the cut is told; a camera has none', async () => {
  const shot = (time: number) => {
    const picture = frame(time);
    for (let i = 0; i < 128 * 128; i++) {
      const person = i % 128 > 28 && i % 128 < 84 && i > 20 * 128 && i < 110 * 128;
      picture.data.set(person ? [180, 130, 110, 255] : time >= 2.8 ? [40, 160, 60, 255] : [90, 60, 140, 255], 4 * i);
    }
    return picture;
  };
  const play = async (cuts: boolean) => {
    const world: World = { faces: [face(27)], presence: 5, label: 'neutral', meshAt: { x: 4, y: 4 } };
    const seen = { detections: 0 };
    const fastPath = fastPathIn(world, () => {
      seen.detections += 1;
    });
    const told: unknown[] = [];
    const after: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      if (i === 28) world.label = 'anger';
      const before = seen.detections;
      const { readings, cut } = await fastPath.read(shot(i / 10), { ...live, cuts });
      if (cut) told.push(cut);
      if (i === 28) after.push(seen.detections > before, readings[0]?.faceId, readings[0]?.emotion);
    }
    return { told, after };
  };
  expect(await play(true)).toEqual({ told: [{ after: 2.7, time: 2.8 }], after: [true, 1, 'anger'] });
  expect(await play(false)).toEqual({ told: [], after: [false, 1, 'neutral'] });
});

test('a picture, or a crop of one, is read with its mirror image; a live frame has no time for that', async () => {
  const crops: number[] = [];
  const fastPath = fastPathIn({ faces: [face(9), face(54)], presence: 5, label: 'neutral', onEncode: (count) => crops.push(count) });
  await fastPath.read(frame(0), live);
  await fastPath.read(frame(0), { sourceId: 'photo.jpg', mode: 'still', smoothing: 0 });
  await fastPath.read(frame(0), { sourceId: 'face.png', mode: 'cropped', smoothing: 0 });
  expect(crops).toEqual([2, 4, 2]);
});

describe('still', () => {
  const still = { sourceId: 'photo.jpg', mode: 'still' as const, smoothing: 1 };

  test('faces are counted from the largest, all with landmarks, tokens kept by id', async () => {
    const { readings, faceTokens } = await fastPathIn({ faces: [face(9, 20), face(54, 30)], presence: 5, label: 'fear' }).read(
      frame(0),
      still,
    );
    expect(readings.map((reading) => [reading.faceId, Math.round(reading.box.width), reading.landmarks.length])).toEqual([
      [1, 30, 936],
      [2, 20, 936],
    ]);
    expect([...faceTokens].map(([id, tokens]) => [id, ...tokens])).toEqual([
      [1, 0, 0],
      [2, 1, 1],
    ]);
  });

  test('a face that the detector doubts stays only if the landmark graph sees one', async () => {
    const world: World = { faces: [face(9, 30, 0.5), face(54, 30, 5)], presence: -5, label: 'fear' };
    const { readings } = await fastPathIn(world).read(frame(0), still);
    expect(readings.map((reading) => reading.score > 0.9)).toEqual([true]);
    world.presence = 5;
    expect((await fastPathIn(world).read(frame(0), still)).readings.length).toBe(2);
  });

  test('no face is an empty list, not an error', async () => {
    const { readings, times } = await fastPathIn({ faces: [], presence: 5, label: 'fear' }).read(frame(0), still);
    expect(readings).toEqual([]);
    expect(times.detect).toBeGreaterThanOrEqual(0);
  });
});

test('cropped: the whole picture is the face, and nothing is detected', async () => {
  const options = { sourceId: 'x', mode: 'cropped' as const, smoothing: 0 };
  const { readings, times } = await fastPathIn({ faces: [], presence: 5, label: 'sadness' }).read(frame(3), options);
  expect(readings.map((reading) => [reading.faceId, reading.emotion, reading.time])).toEqual([[1, 'sadness', 3]]);
  expect(readings[0]?.box.width).toBeCloseTo(128 / 1.2);
  expect(times.detect).toBeUndefined();
});
