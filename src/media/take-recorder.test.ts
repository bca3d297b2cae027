import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WireError } from '../shared/errors.ts';
import { FakeMediaRecorder } from './media-recorder.fixture.ts';
import { TakeRecorder } from './take-recorder.ts';
import { type TakeSpan, takeTimeOf } from './take-time.ts';

beforeEach(() => {
  FakeMediaRecorder.made = [];
  vi.stubGlobal('MediaRecorder', FakeMediaRecorder);
});
afterEach(() => vi.unstubAllGlobals());

function begin() {
  let clock = 0;
  const seen = { pieces: [] as Blob[], spans: [] as readonly TakeSpan[], ends: [] as (WireError | null)[] };
  const started = TakeRecorder.start({
    stream: {} as MediaStream,
    onPiece: (piece) => seen.pieces.push(piece),
    onSpans: (spans) => {
      seen.spans = spans;
    },
    onEnd: (error) => seen.ends.push(error),
    now: () => clock * 1000,
  });
  if (!started.ok) throw new Error(started.error.message);
  const take = started.value;
  /** The camera runs to that time, 10 frames a second; its media time began 100 s before the clock. */
  const run = (to: number) => {
    for (; clock < to - 1e-9; clock += 0.1) take.frame(100 + clock);
  };
  const [recorder] = FakeMediaRecorder.made;
  if (!recorder) throw new Error('none made');
  return { take, run, seen, recorder };
}

test('media time of each moment is found again in the video, which leaves pauses out', () => {
  const { take, run, seen } = begin();
  run(2);
  take.pause();
  run(5.04);
  take.resume();
  run(7);
  expect(take.seconds).toBeCloseTo(3.8, 5);
  take.stop();
  expect(seen.ends).toEqual([null]);
  expect(seen.spans).toHaveLength(2);
  expect(takeTimeOf(seen.spans, 101)).toBeCloseTo(1, 5);
  // 3.1 s of pause by the clock: the encoder's second span begins there.
  expect(takeTimeOf(seen.spans, 106)).toBeCloseTo(2.9, 1);
  expect(takeTimeOf(seen.spans, 103.5)).toBeNull();
});

test('a recording that begins in a pause counts only the pauses behind its first frame', () => {
  const { take, run, seen } = begin();
  take.pause();
  run(10);
  take.resume();
  run(12);
  take.pause();
  run(15);
  take.resume();
  run(16);
  // 2 s of video before the pause, and then half a second.
  expect(takeTimeOf(seen.spans, 115.5)).toBeCloseTo(2.5, 1);
});

test('the recording begins with its first frame, not when the button was pressed', () => {
  const { take, run, seen } = begin();
  expect(seen.spans).toEqual([]);
  expect(take.seconds).toBe(0);
  run(0.1);
  expect(seen.spans).toEqual([{ from: 100, to: null, at: 0 }]);
});

test('a camera that goes ends it with all pieces; an encoder that fails says so', () => {
  const gone = begin();
  gone.run(1);
  gone.recorder.give(10);
  gone.recorder.stop();
  expect([gone.seen.pieces.length, gone.seen.ends]).toEqual([2, [null]]);
  expect(gone.seen.spans[0]?.to).toBeCloseTo(100.9, 5);
  FakeMediaRecorder.made = [];
  const failed = begin();
  failed.run(1);
  failed.recorder.fail();
  expect(failed.seen.ends).toMatchObject([{ code: 'recording-failed', detail: 'EncodingError' }]);
  expect(failed.seen.pieces).toHaveLength(1);
});

test('a browser that records nothing is an expected failure', () => {
  vi.stubGlobal('MediaRecorder', undefined);
  expect(TakeRecorder.start({ stream: {} as MediaStream, onPiece() {}, onSpans() {}, onEnd() {} })).toMatchObject({
    ok: false,
    error: { code: 'recording-failed' },
  });
});
