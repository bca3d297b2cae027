import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wireError } from '../../shared/errors.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { VideoExportApi, VideoExportOptions, WrittenVideo } from '../api.ts';
import { planVideoExport, writeVideoExport } from './video-export.ts';
import { FakeWorker, fakeTime } from './worker.fixture.ts';

const EMOTION_WORDS: VideoExportOptions['words']['emotions'] = {
  neutral: '',
  happiness: '',
  surprise: '',
  sadness: '',
  anger: '',
  disgust: '',
  fear: '',
  contempt: '',
  uncertain: '',
};
const OPTIONS: VideoExportOptions = {
  file: new Blob(['video']),
  format: { container: 'mp4', codec: 'avc' },
  maxSide: null,
  from: 0,
  to: 2,
  sound: false,
  faces: 'as-they-are',
  parts: { boxes: true, emotions: true, names: true, bars: true, plane: false, captions: true },
  words: { emotions: EMOTION_WORDS, valence: '', arousal: '' },
  readings: [],
  measuredOn: { width: 4, height: 3 },
  readTimes: [],
  names: {},
  chosen: null,
  captions: [],
  tags: { title: '', comment: '', date: new Date(0) },
  place: null,
};
const WRITTEN: WrittenVideo = { bytes: 5, file: null, lostSound: false, lostFrom: null };

let time: ReturnType<typeof fakeTime>;
beforeEach(() => {
  time = fakeTime();
});
afterEach(() => time.end());

/** A worker that writes a second and then never ends, unless it is told how a stop ends it. */
function begin(onCancel: (end: (written: Result<WrittenVideo>) => void) => void = () => {}) {
  const abort = new AbortController();
  const progress: number[] = [];
  let end: (written: Result<WrittenVideo>) => void = () => {};
  const api: Pick<VideoExportApi, 'write' | 'cancel'> = {
    write: (_options, onProgress) => {
      onProgress(1);
      return new Promise((resolve) => {
        end = resolve;
      });
    },
    cancel: () => onCancel(end),
  };
  const worker = new FakeWorker(api);
  const written = writeVideoExport(abort.signal, OPTIONS, (seconds) => progress.push(seconds), {
    start: () => worker.asWorker,
    now: time.now,
  });
  return { worker, abort, progress, written, end: (result: Result<WrittenVideo>) => end(result) };
}

describe('writeVideoExport', () => {
  it('tells how far it is, and gives what was written', async () => {
    const { worker, progress, written, end } = begin();
    await time.settle();
    expect(progress).toEqual([1]);
    end(ok(WRITTEN));
    expect(await written).toEqual(ok(WRITTEN));
    expect(worker.terminated).toBe(true);
  });

  it('says what to do where the worker dies, and is not disturbed by a stop that comes after', async () => {
    const { worker, abort, written } = begin();
    await time.settle();
    worker.crash('dead');
    expect(await written).toMatchObject({
      ok: false,
      error: { code: 'internal', message: 'The writing of the video stopped unexpectedly.', detail: 'dead' },
    });
    expect(() => abort.abort()).not.toThrow();
  });

  it('says so where an encoder never answers, or the thread itself', async () => {
    const hanging = begin();
    await time.pass(2000);
    hanging.worker.work({ graph: null, backend: null, kind: 'run', size: 'large' });
    await time.pass(100_000);
    expect(await hanging.written).toMatchObject({ error: { message: 'The writing of the video does not go on any more.' } });
    expect(hanging.worker.terminated).toBe(true);

    const silent = begin();
    await time.pass(2000);
    silent.worker.isSilent = true;
    await time.pass(100_000);
    expect(await silent.written).toMatchObject({ error: { message: 'The writing of the video does not go on any more.' } });
  });

  it('stops when the worker has thrown away what it wrote; one that hangs is waited for ten seconds', async () => {
    const cancelled = wireError('cancelled', 'The export was stopped.', '');
    const good = begin((end) => end(fail(cancelled)));
    await time.settle();
    good.abort.abort();
    expect(await good.written).toEqual(fail(cancelled));

    const hanging = begin();
    let ended: unknown = null;
    void hanging.written.then((result) => {
      ended = result;
    });
    await time.settle();
    hanging.abort.abort();
    await time.pass(8000);
    expect(ended).toBeNull();
    await time.pass(4000);
    expect(ended).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(hanging.worker.terminated).toBe(true);
  });
});

describe('planVideoExport', () => {
  it('says so where the worker dies over the file', async () => {
    const worker = new FakeWorker({ plan: () => new Promise(() => {}) });
    const plan = planVideoExport(new Blob(['video']), [null], { start: () => worker.asWorker, now: time.now });
    worker.crash('dead');
    expect(await plan).toMatchObject({
      error: { message: 'The video file could not be looked at.', remedy: 'Close this, then open it again.' },
    });
  });
});
