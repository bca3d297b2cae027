import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeMediaRecorder } from '../media/media-recorder.fixture.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { type PieceStore, putTogether, Recording } from './recording.ts';
import type { Take } from './takes.ts';

beforeEach(() => {
  FakeMediaRecorder.made = [];
  vi.stubGlobal('MediaRecorder', FakeMediaRecorder);
});
afterEach(() => vi.unstubAllGlobals());

const stream = {} as MediaStream;
const remuxed = async (raw: Blob): Promise<Result<{ file: Blob; length: number }>> =>
  ok({ file: new Blob(['whole ', raw], { type: raw.type }), length: 4 });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

function setUp(write: PieceStore['write'] = async () => true, remux = remuxed) {
  const written: [string, number, number][] = [];
  const finished: { take: Take; file: Blob | null }[] = [];
  const problems: WireError[] = [];
  let ids = 0;
  const recording = new Recording({
    pieces: {
      write: async (itemId, takeId, number, piece) => {
        written.push([takeId, number, piece.size]);
        return write(itemId, takeId, number, piece);
      },
    },
    newId: () => {
      ids += 1;
      return `t${ids}`;
    },
    onTake: () => {},
    onFinished: (_itemId, take, file) => finished.push({ take, file }),
    onProblem: (error) => problems.push(error),
    maxBytes: 100,
    remux,
  });
  const last = () => FakeMediaRecorder.made.at(-1);
  return { recording, written, finished, problems, last };
}

test('pieces are written as they come; what was stopped is one file with its length and its place in the session', async () => {
  const { recording, written, finished, last } = setUp();
  recording.start('c', stream);
  recording.frame(12);
  last()?.give(30);
  recording.frame(14);
  expect(recording.status()).toEqual({ phase: 'on', seconds: 2, bytes: 30 });
  recording.setResting(true);
  expect(recording.status().phase).toBe('resting');
  expect(last()?.state).toBe('paused');
  recording.setResting(false);
  await recording.stop();
  expect(written).toEqual([
    ['t1', 0, 30],
    ['t1', 1, 1],
  ]);
  expect(finished).toHaveLength(1);
  expect(finished[0]?.take).toEqual({ id: 't1', type: 'video/webm', spans: [{ from: 12, to: 14, at: 0 }], bytes: 37, length: 4 });
  expect(await finished[0]?.file?.text()).toMatch(/^whole v{31}$/);
  expect(recording.status()).toEqual({ phase: 'off', seconds: 0, bytes: 0 });
});

test('at the size that can still be kept another take goes on, which began before the first one ended', async () => {
  const { recording, finished, last } = setUp();
  recording.start('c', stream);
  const [first] = FakeMediaRecorder.made;
  recording.frame(1);
  first?.give(60);
  first?.give(60);
  expect(FakeMediaRecorder.made.map(({ state }) => state)).toEqual(['inactive', 'recording']);
  recording.frame(2);
  last()?.give(10);
  await settled();
  expect(finished.map(({ take }) => take.id)).toEqual(['t1']);
  expect(recording.status()).toMatchObject({ phase: 'on', bytes: 130 });
  await recording.stop();
  expect(finished.map(({ take }) => [take.id, take.spans[0]?.from])).toEqual([
    ['t1', 1],
    ['t2', 2],
  ]);
});

test('a full storage ends it, keeps what was recorded, and says so', async () => {
  const { recording, finished, problems, last } = setUp(async () => wireError('storage-full', 'full', ''));
  recording.start('c', stream);
  recording.frame(1);
  last()?.give(30);
  await settled();
  await settled();
  expect(recording.isOn).toBe(false);
  expect(problems).toMatchObject([{ code: 'storage-full', message: expect.stringContaining('Recording ended') }]);
  expect(finished[0]?.file?.size).toBeGreaterThan(30);
});

test('the whole is given only when its pieces are written: none may be written after it', async () => {
  let written = () => {};
  const { recording, finished, last } = setUp(
    () =>
      new Promise((resolve) => {
        written = () => resolve(true);
      }),
  );
  recording.start('c', stream);
  recording.frame(1);
  last()?.stop(); // one piece, the last
  await settled();
  await settled();
  expect([recording.status().phase, finished.length]).toEqual(['finishing', 0]);
  written();
  await settled();
  await settled();
  expect([recording.status().phase, finished.length]).toEqual(['off', 1]);
});

test('a camera that goes away leaves what was recorded', async () => {
  const { recording, finished, problems, last } = setUp();
  recording.start('c', stream);
  recording.frame(1);
  last()?.give(30);
  last()?.stop(); // as browsers do when the last track has ended
  expect(recording.isOn).toBe(false);
  await settled();
  await settled();
  expect([finished.length, problems]).toEqual([1, []]);
});

test('what cannot be put together stays as it came; without a picture there is nothing', async () => {
  const broken = async () => fail(wireError('video-broken', '', ''));
  const take: Take = { id: 't', type: 'video/webm', spans: [{ from: 5, to: 8, at: 0 }], bytes: 3, length: null };
  expect(await putTogether(take, new Blob(['raw']), broken)).toMatchObject({ take: { length: 3, bytes: 3 }, file: { size: 3 } });
  expect(await putTogether({ ...take, spans: [] }, new Blob(['raw']), broken)).toMatchObject({ file: null });
  expect(await putTogether(take, new Blob([]))).toMatchObject({ file: null });
});

test('a browser that records nothing says so', () => {
  vi.stubGlobal('MediaRecorder', undefined);
  const { recording, problems } = setUp();
  recording.start('c', stream);
  expect([recording.isOn, recording.status().phase, problems.length]).toEqual([false, 'off', 1]);
});
