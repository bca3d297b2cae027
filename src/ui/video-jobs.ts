/**
 * The queue of videos that are analysed as files: one at a time, in order, each stoppable, and going on where it ended. What was read and
 * how far it is change together, so that whoever writes both down at one moment can go on from there without a gap and without a frame
 * twice. Knows no components, no decoder and no storage.
 */
import type { SessionReading } from '../export/session.ts';
import { wireError } from '../shared/errors.ts';
import type { Reading } from '../shared/readings.ts';
import { assertNever } from '../shared/result.ts';
import type { Item } from './analysis-state.ts';
import { highestFace, KeptReadings, keptReading, type ReadingRows } from './kept-readings.ts';
import { messages } from './messages.ts';
import { rowsBetween } from './rows-between.ts';
import type { StateStore } from './state-store.ts';
import { canGoOn, clipped, givenUp, type JobWish, jobAt, newJob, opened, type Stretch, type VideoJob } from './video-job.ts';
import type { ReadVideo, VideoEvent } from './video-reader.ts';
import { FaceIds, frameAt, outside, settled } from './video-rows.ts';

interface VideoJobsOptions {
  store: StateStore;
  read: ReadVideo;
  /** Null where the file is not there any more. */
  file: (itemId: string) => Blob | null;
  /** Readings by item; a job adds to them, and puts another array in place where it takes some out. */
  recorded: Map<string, ReadingRows>;
  /** Of live readings as they are set now, seconds. */
  smoothing: () => number;
  /** Frames of these times were read. Their readings lie in `recorded` now; `anew`: in place of others. */
  onFrames: (itemId: string, times: readonly number[], anew: boolean) => void;
  /** What was read at such times before counts no more, frames without a face among it: they are read anew, sooner or later. */
  onDropped: (itemId: string, inside: (time: number) => boolean) => void;
  /** Nothing more comes for now. */
  onEnd: (itemId: string) => void;
  /** Milliseconds, any steady clock. */
  now?: () => number;
}

/** How fast a job is. */
export interface Pace {
  /** Frames a second of the clock. */
  framesPerSecond: number;
  /** Seconds of the clock; null while it cannot be told. */
  left: number | null;
}

/** What was read is handed on this often, ms: the page has enough to draw. */
const KEEP_EVERY_MS = 500;
/** A job that goes on reads so many seconds of media time again, to know the faces again and to smooth as before. */
const OVERLAP = 1;
/** What a browser's and a decoder's word for the time of one frame differ by at most, seconds. */
const SLACK = 0.002;
/** For so long, in seconds, readings of a job that read every frame hold on: that of the slowest video. */
const EVERY_FRAME_REACH = 0.1;
/** The pace is that of the last ten seconds, ms. */
const PACE_MS = 10_000;
/** A machine that reads nothing for so long, ms, sleeps: its pace begins anew. */
const SLEEP_MS = 120_000;

interface Run {
  itemId: string;
  abort: AbortController;
  /** Stopped by the user, or put back because what it ran in is gone. */
  ending: 'stopped' | 'queued' | null;
  begin: number | null;
  /** Read, and not handed on yet. */
  waiting: { time: number; width: number; height: number; readings: Reading[] }[];
  ids: FaceIds | null;
  timer: ReturnType<typeof setTimeout> | null;
  paces: { at: number; frames: number; reached: number }[];
}

export class VideoJobs {
  readonly #options: VideoJobsOptions;
  readonly #now: () => number;
  /** Items that wait, in their turn. */
  readonly #queue: string[] = [];
  #run: Run | null = null;

  constructor(options: VideoJobsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The item whose video is being analysed. */
  get runningItem(): string | null {
    return this.#run?.itemId ?? null;
  }

  /** Of the job that runs; null before it has one. */
  get pace(): Pace | null {
    const run = this.#run;
    const first = run?.paces[0];
    const last = run?.paces.at(-1);
    if (!run || !first || !last || last.at <= first.at) return null;
    const seconds = (last.at - first.at) / 1000;
    const to = this.#job(run.itemId)?.to ?? null;
    const speed = (last.reached - first.reached) / seconds;
    return {
      framesPerSecond: (last.frames - first.frames) / seconds,
      left: to === null || speed <= 0 ? null : (to - last.reached) / speed,
    };
  }

  /**
   * The readings to show with a frame that a job has read, which may be those of the last one read before it; `ahead` where a job that runs
   * on this video has not come there yet. Null where the frame is to be read live.
   */
  recordedAt(item: Item, time: number): SessionReading[] | 'ahead' | null {
    const job = jobAt(item.jobs ?? [], time + SLACK) ?? jobAt(item.jobs ?? [], time - SLACK);
    if (!job) return this.#run?.itemId === item.id ? 'ahead' : null;
    // What it could not decode the player may show.
    if (job.lost.some(({ from, to }) => time >= from && time < to)) return null;
    const reach = (job.framesPerSecond === null ? EVERY_FRAME_REACH : 1 / job.framesPerSecond) + 2 * SLACK;
    const until = time + SLACK;
    return frameAt(rowsBetween(this.#rows(item.id), until - reach, until), until, reach);
  }

  /** Puts videos at the end of the queue, but those that wait or run already. */
  add(itemIds: readonly string[], wish: JobWish): void {
    for (const itemId of itemIds) {
      const item = this.#item(itemId);
      const file = this.#options.file(itemId);
      if (item?.kind !== 'video' || !file) continue;
      const last = item.jobs?.at(-1);
      if (last && (last.phase === 'queued' || last.phase === 'running')) continue;
      const earlier = (item.jobs ?? []).flatMap((job) =>
        job.phase === 'done' ? { ...job, dismissed: true as const } : (givenUp(job) ?? []),
      );
      this.#setJobs(itemId, [...earlier, newJob(wish, this.#options.smoothing(), file.size)]);
      this.#queue.push(itemId);
    }
    this.pump();
  }

  /** What was read stays. */
  stop(itemId: string): void {
    this.#unqueue(itemId);
    if (this.#run?.itemId === itemId) {
      this.#run.ending = 'stopped';
      this.#keep(this.#run);
      this.#run.abort.abort();
    }
    const job = this.#job(itemId);
    if (job && (job.phase === 'running' || job.phase === 'queued')) this.#change(itemId, { phase: 'stopped' });
  }

  stopAll(): void {
    for (const { id } of this.#options.store.get().items) this.stop(id);
  }

  /** From where it ended, in its turn. */
  goOn(itemId: string): void {
    const job = this.#job(itemId);
    if (!job || !canGoOn(job) || !this.#options.file(itemId)) return;
    this.#change(itemId, { phase: 'queued', error: null });
    this.#queue.push(itemId);
    this.pump();
  }

  /** Takes a job off the list for good. What was read stays. */
  dismiss(itemId: string): void {
    this.stop(itemId);
    const jobs = this.#item(itemId)?.jobs ?? [];
    this.#setJobs(
      itemId,
      jobs.flatMap((job, index) => (index === jobs.length - 1 ? (givenUp(job) ?? []) : job)),
    );
  }

  /** What ran in a worker that is gone goes on in the next one; call before that. */
  interrupt(): void {
    const run = this.#run;
    // What was stopped already does not begin again.
    if (run?.ending !== null) return;
    run.ending = 'queued';
    this.#keep(run);
    run.abort.abort();
  }

  /** Call whenever the reader may have become ready. */
  pump(): void {
    if (this.#run) return;
    const { reader, faces } = this.#options.store.get().model.parts;
    const error = reader.error ?? faces.error;
    if (!error && reader.phase !== 'ready') return;
    const itemId = this.#queue.shift();
    if (itemId === undefined) return;
    if (error) {
      this.#change(itemId, { phase: 'failed', error });
      this.pump();
      return;
    }
    void this.#analyze(itemId);
  }

  async #analyze(itemId: string): Promise<void> {
    const job = this.#job(itemId);
    const file = this.#options.file(itemId);
    if (!job) return this.pump();
    if (!file) {
      this.#change(itemId, { phase: 'failed', error: wireError('file-unreadable', ...messages.jobs.fileGone) });
      return this.pump();
    }
    const { from, to, framesPerSecond, smoothing, reached } = job;
    const begin = reached === null ? null : Math.max(from, reached - OVERLAP);
    const abort = new AbortController();
    const run: Run = { itemId, abort, ending: null, begin, waiting: [], ids: null, timer: null, paces: [] };
    this.#run = run;
    this.#change(itemId, { phase: 'running', error: null });
    const result = await this.#options.read(abort.signal, file, { from, to, framesPerSecond, begin, smoothing }, (event) => {
      if (this.#run === run && run.ending === null) this.#hear(run, event);
    });
    this.#keep(run);
    this.#settle(itemId);
    this.#run = null;
    this.#options.onEnd(itemId);
    if (run.ending === 'queued') {
      this.#change(itemId, { phase: 'queued' });
      this.#queue.unshift(itemId);
    } else if (run.ending === null) {
      this.#change(
        itemId,
        result.ok ? { phase: 'done' } : { phase: result.error.code === 'cancelled' ? 'stopped' : 'failed', error: result.error },
      );
    }
    this.pump();
  }

  #hear(run: Run, event: VideoEvent): void {
    const job = this.#job(run.itemId);
    if (!job) return;
    switch (event.type) {
      case 'video-opened': {
        const reached = job.reached ?? Number.NEGATIVE_INFINITY;
        this.#change(run.itemId, { ...opened(job, event.video), lost: job.lost.filter(({ from }) => from < reached) });
        this.#options.store.dispatch({ type: 'item-ready', itemId: run.itemId });
        break;
      }
      case 'video-lost':
        this.#keep(run);
        this.#noteLost(run.itemId, { from: event.from, to: event.to });
        break;
      case 'readings':
        if (event.cut) this.#options.store.dispatch({ type: 'cut-found', itemId: run.itemId, cut: event.cut });
        run.waiting.push(event);
        run.timer ??= setTimeout(() => this.#keep(run), KEEP_EVERY_MS);
        break;
      default:
        assertNever(event);
    }
  }

  /** A stretch before the place where the job went on was noted when it came there first. */
  #noteLost(itemId: string, stretch: Stretch): void {
    const job = this.#job(itemId);
    if (job && stretch.to > (job.reached ?? Number.NEGATIVE_INFINITY)) this.#change(itemId, { lost: [...job.lost, stretch] });
  }

  /** Rows and how far the job is, in one step. */
  #keep(run: Run): void {
    if (run.timer !== null) clearTimeout(run.timer);
    run.timer = null;
    const { itemId } = run;
    const item = this.#item(itemId);
    const job = item?.jobs?.at(-1);
    const frames = run.waiting.splice(0);
    const [first] = frames;
    const last = frames.at(-1);
    if (!item || !job || !first || !last) return;
    let anew = false;
    if (!run.ids) {
      const all = this.#rows(itemId);
      const inside = insideOf(job, first.time);
      const rows = outside(all, inside);
      anew = rows !== all;
      this.#options.onDropped(itemId, inside);
      run.ids = idsFor(item, job, all, rows);
      if (anew || !this.#options.recorded.has(itemId)) this.#options.recorded.set(itemId, rows);
    }
    const rows = this.#rows(itemId);
    // Of the frames that are read again, the faces alone are of interest.
    const reached = job.reached ?? Number.NEGATIVE_INFINITY;
    const times: number[] = [];
    for (const frame of frames) {
      const readings = run.ids.of(frame.readings);
      if (frame.time <= reached) continue;
      times.push(frame.time);
      for (const reading of readings) rows.push(keptReading(reading));
    }
    const jobs = item.jobs ?? [];
    const earlier =
      job.reached === null && job.to !== null
        ? clipped(jobs.slice(0, -1), { from: Math.min(job.from, first.time), to: job.to })
        : jobs.slice(0, -1);
    const next: VideoJob = {
      ...job,
      reached: Math.max(reached, last.time),
      frames: job.frames + times.length,
      width: last.width,
      height: last.height,
    };
    this.#setJobs(itemId, [...earlier, next]);
    this.#note(run, next);
    this.#options.onFrames(itemId, times, anew);
  }

  #note(run: Run, { frames, reached }: VideoJob): void {
    const at = this.#now();
    if (at - (run.paces.at(-1)?.at ?? at) > SLEEP_MS) run.paces = [];
    run.paces.push({ at, frames, reached: reached ?? 0 });
    while ((run.paces[0]?.at ?? at) < at - PACE_MS && run.paces.length > 2) run.paces.shift();
  }

  /** Readings in the order of their time, as far as the job goes. */
  #settle(itemId: string): void {
    const job = this.#job(itemId);
    const rows = this.#options.recorded.get(itemId);
    if (!job || !rows || job.reached === null) return;
    const ordered = settled(rows, { from: job.from, to: job.to ?? job.reached });
    if (ordered === rows) return;
    this.#options.recorded.set(itemId, ordered);
    this.#options.onFrames(itemId, [], true);
  }

  #rows(itemId: string): ReadingRows {
    return this.#options.recorded.get(itemId) ?? new KeptReadings();
  }

  #unqueue(itemId: string): void {
    const at = this.#queue.indexOf(itemId);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #item(itemId: string): Item | null {
    return this.#options.store.get().items.find(({ id }) => id === itemId) ?? null;
  }

  #job(itemId: string): VideoJob | null {
    return this.#item(itemId)?.jobs?.at(-1) ?? null;
  }

  #change(itemId: string, change: Partial<VideoJob>): void {
    const jobs = this.#item(itemId)?.jobs ?? [];
    this.#setJobs(
      itemId,
      jobs.map((job, index) => (index === jobs.length - 1 ? { ...job, ...change } : job)),
    );
  }

  #setJobs(itemId: string, jobs: readonly VideoJob[]): void {
    this.#options.store.dispatch({ type: 'jobs-set', itemId, jobs });
  }
}

/** Which times the job is going to read. @param first media time of the first frame, which may have begun before it was asked for */
function insideOf({ from, to, reached }: VideoJob, first: number): (time: number) => boolean {
  const end = to ?? Number.POSITIVE_INFINITY;
  if (reached !== null) return (time) => time > reached && time < end;
  const begin = Math.min(from, first);
  return (time) => time >= begin && time < end;
}

/** Ids go on where the job goes on, and where the user has named or merged faces; else the same file has the same ids every time. */
function idsFor(item: Item, job: VideoJob, all: ReadingRows, left: ReadingRows): FaceIds {
  const { names, sameAs } = item.people;
  const isKnown = job.reached !== null || Object.keys(names).length > 0 || Object.keys(sameAs).length > 0;
  const last = highestFace(isKnown ? all : left);
  const named = isKnown ? [...Object.keys(names), ...Object.keys(sameAs)].map(Number) : [];
  return new FaceIds(new KeptReadings(isKnown ? all : []), Math.max(last, ...named));
}
