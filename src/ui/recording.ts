/**
 * Records the camera on the stage, where the user says so: in takes of a size that can be kept, each written away piece by piece, so that a
 * cut costs no more than the last piece. Knows neither state nor storage; what it makes is given to who wants it.
 */
import type { remuxed } from '../media/remux.ts';
import { remuxedApart } from '../media/remux-apart.ts';
import { TakeRecorder } from '../media/take-recorder.ts';
import { type WireError, wireError } from '../shared/errors.ts';
import type { Result } from '../shared/result.ts';
import { messages } from './messages.ts';
import { finishedTake, type Take } from './takes.ts';

/** Where pieces go. */
export interface PieceStore {
  /** Whether it is kept: `false` where nothing is to be kept. An error where there is no room. */
  write(itemId: string, takeId: string, number: number, piece: Blob): Promise<boolean | WireError>;
}

export interface RecordingOptions {
  pieces: PieceStore | null;
  newId: () => string;
  /** A take began, or more of it is known. */
  onTake: (itemId: string, take: Take) => void;
  /** It is whole. A take of which there is nothing gives null. */
  onFinished: (itemId: string, take: Take, file: Blob | null) => void;
  onProblem: (error: WireError) => void;
  /** Another limit, for tests. */
  maxBytes?: number;
  /** For tests. */
  start?: typeof TakeRecorder.start;
  remux?: typeof remuxed;
}

export interface RecordingStatus {
  phase: 'off' | 'on' | 'resting' | 'finishing';
  /** Of what is being recorded, over all its takes. */
  seconds: number;
  bytes: number;
}

/** Larger takes would not be kept with the session: at this size another one begins, without a gap. */
export const MAX_TAKE_BYTES = 180e6;
/** What is not kept lies in memory, and of that there is less. */
export const MAX_UNKEPT_BYTES = 180e6;

/** One take on its way. */
interface Running {
  itemId: string;
  take: Take;
  recorder: TakeRecorder;
  pieces: Blob[];
  /** All pieces that came so far are written, or will not be. */
  written: Promise<void>;
  ended: Promise<void>;
}

export class Recording {
  readonly #options: RecordingOptions;
  readonly #listeners = new Set<() => void>();
  #running: Running | null = null;
  #stream: MediaStream | null = null;
  #resting = false;
  /** Takes that are being put together. */
  #finishing = 0;
  /** Of the takes of this recording that are full. */
  #before = { seconds: 0, bytes: 0 };
  #unkept = 0;
  #status: RecordingStatus = { phase: 'off', seconds: 0, bytes: 0 };

  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  /** The same object until something changed. */
  status = (): RecordingStatus => this.#status;

  onStatus = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get isOn(): boolean {
    return this.#running !== null;
  }

  /** From now on. An error is told by `onProblem`. */
  start(itemId: string, stream: MediaStream): void {
    if (this.#running) return;
    this.#stream = stream;
    this.#before = { seconds: 0, bytes: 0 };
    this.#unkept = 0;
    this.#begin(itemId);
    this.#tell();
  }

  /** Media time in seconds of every frame of the stream. */
  frame(mediaTime: number): void {
    this.#running?.recorder.frame(mediaTime);
    if (this.#running) this.#tell();
  }

  /** While the camera is paused or nobody sees the page. */
  setResting(resting: boolean): void {
    this.#resting = resting;
    if (resting) this.#running?.recorder.pause();
    else this.#running?.recorder.resume();
    this.#tell();
  }

  /** Resolves when what was recorded is put together. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    this.#stream = null;
    running?.recorder.stop();
    this.#tell();
    await running?.ended;
  }

  #begin(itemId: string): void {
    const stream = this.#stream;
    if (!stream) return;
    const pieces: Blob[] = [];
    let end: () => void = () => {};
    let running: Running | null = null;
    const started = (this.#options.start ?? TakeRecorder.start)({
      stream,
      onPiece: (piece) => running && this.#keepPiece(running, piece),
      onSpans: (spans) => {
        if (!running) return;
        running.take = { ...running.take, spans };
        this.#options.onTake(itemId, running.take);
      },
      onEnd: (error) => {
        if (running) void this.#finish(running, error).finally(end);
      },
    });
    if (!started.ok) {
      this.#options.onProblem(started.error);
      return;
    }
    const recorder = started.value;
    running = {
      itemId,
      take: { id: this.#options.newId(), type: recorder.type, spans: [], bytes: 0, length: null },
      recorder,
      pieces,
      written: Promise.resolve(),
      ended: new Promise((resolve) => {
        end = resolve;
      }),
    };
    this.#running = running;
    if (this.#resting) recorder.pause();
  }

  #keepPiece(running: Running, piece: Blob): void {
    const number = running.pieces.length;
    running.pieces.push(piece);
    running.take = { ...running.take, bytes: running.take.bytes + piece.size };
    running.written = Promise.all([running.written, this.#write(running, number, piece)]).then(() => {});
    const isCurrent = this.#running === running;
    if (isCurrent && running.take.bytes >= (this.#options.maxBytes ?? MAX_TAKE_BYTES)) {
      this.#before = { seconds: this.#before.seconds + running.recorder.seconds, bytes: this.#before.bytes + running.take.bytes };
      // The next one first: between them no frame is lost.
      this.#begin(running.itemId);
      running.recorder.stop();
      if (this.#running === running) this.#running = null;
    }
    this.#tell();
  }

  async #write(running: Running, number: number, piece: Blob): Promise<void> {
    const kept = (await this.#options.pieces?.write(running.itemId, running.take.id, number, piece)) ?? false;
    if (kept === true) return;
    this.#unkept += piece.size;
    if (this.#running === null) return;
    // Only what the page still holds is left of it: that is to be the user's before it is too much.
    if (kept !== false) {
      this.#options.onProblem(wireError(kept.code, ...messages.recording.noRoom, kept.detail));
      void this.stop();
    } else if (this.#unkept >= MAX_UNKEPT_BYTES) {
      this.#options.onProblem(wireError('recording-failed', ...messages.recording.memoryFull));
      void this.stop();
    }
  }

  async #finish(running: Running, error: WireError | null): Promise<void> {
    // The camera went, or the encoder failed: nobody pressed Stop.
    if (this.#running === running) this.#running = null;
    if (error) this.#options.onProblem(error);
    this.#finishing += 1;
    this.#tell();
    try {
      // Else a piece could be written after the whole take.
      await running.written;
      const raw = new Blob(running.pieces, { type: running.take.type });
      const { take, file } = await putTogether(running.take, raw, this.#options.remux ?? remuxedApart);
      this.#options.onFinished(running.itemId, take, file);
    } finally {
      this.#finishing -= 1;
      this.#tell();
    }
  }

  #tell(): void {
    const running = this.#running;
    const phase = running ? (this.#resting ? 'resting' : 'on') : this.#finishing > 0 ? 'finishing' : 'off';
    // No digit changes more often.
    const seconds = running ? Math.floor(this.#before.seconds + running.recorder.seconds) : 0;
    const bytes = running ? this.#before.bytes + running.take.bytes : 0;
    const last = this.#status;
    if (last.phase === phase && last.seconds === seconds && last.bytes === bytes) return;
    this.#status = { phase, seconds, bytes };
    for (const listener of this.#listeners) listener();
  }
}

/** A take's pieces as one file that can be sought in; as they are where that fails. Null of what holds no picture. */
export async function putTogether(
  take: Take,
  raw: Blob,
  remux: (recording: Blob) => Promise<Result<{ file: Blob; length: number }>> = remuxedApart,
): Promise<{ take: Take; file: Blob | null }> {
  if (raw.size === 0) return { take, file: null };
  const whole = await remux(raw);
  if (whole.ok) return { take: finishedTake(take, whole.value.length, whole.value.file.size), file: whole.value.file };
  const last = take.spans.at(-1);
  if (!last || last.to === null) return { take, file: null };
  return { take: finishedTake(take, last.at + last.to - last.from, raw.size), file: raw };
}
