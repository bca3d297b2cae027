/** The videos of camera sessions: records them, holds them, and shows their frames on the stage with what was read from them. */
import { mediaTimeOf } from '../media/take-time.ts';
import type { WireError } from '../shared/errors.ts';
import { type Item, type Snapshot, selectedItem } from './analysis-state.ts';
import type { ReadingRows } from './kept-readings.ts';
import type { LiveReadings } from './live-readings.ts';
import { readingsAt } from './recorded-frame.ts';
import { type PieceStore, putTogether, Recording } from './recording.ts';
import { Replay } from './replay.ts';
import type { KeptItem } from './session-record.ts';
import type { Places, StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';
import { type Take, takeAt } from './takes.ts';

interface TakesOptions {
  store: StateStore;
  painter: StagePainter;
  live: LiveReadings;
  recorded: ReadonlyMap<string, ReadingRows>;
  pieces: PieceStore | null;
  newId: () => string;
  /** Where faces are on a frame of the item on the stage; `time`: its own, where the readings may be those of one beside it. */
  places: (snapshot: Snapshot | null, time?: number) => Places;
  /** The frame at which a session that is not live stood when it was left. */
  lastFrame: (itemId: string) => ImageBitmap | null;
  /** While it plays: the moment that is shown, in seconds of media time. */
  onMoment: (time: number) => void;
  onProblem: (error: WireError) => void;
}

/** A recorded frame that is on the stage in place of the live one. */
export interface ReplayedFrame {
  /** Stays with its owner. */
  image: ImageBitmap;
  /** Seconds of media time. */
  time: number;
  /** Null where nobody read it. */
  snapshot: Snapshot | null;
}

export class CameraTakes {
  readonly recording: Recording;
  readonly #options: TakesOptions;
  readonly #files = new Map<string, Blob>();
  readonly #replay: Replay;
  #peeked: ReplayedFrame | null = null;
  /** Counts what was asked for: what comes late of something else is not shown. */
  #asked = 0;

  constructor(options: TakesOptions) {
    this.#options = options;
    const { store, pieces, newId, onProblem } = options;
    this.recording = new Recording({
      pieces,
      newId,
      onProblem,
      onTake: (itemId, take) => store.dispatch({ type: 'take-set', itemId, take }),
      onFinished: (itemId, take, file) => this.#finished(itemId, take, file),
    });
    this.#replay = new Replay(
      (takeId, at, image) => this.#played(takeId, at, image),
      () => store.dispatch({ type: 'paused', paused: true }),
    );
  }

  file(takeId: string): Blob | null {
    return this.#files.get(takeId) ?? null;
  }

  /** Null where the stage shows the present, or a session whose camera is off. */
  get replayed(): ReplayedFrame | null {
    return this.#peeked;
  }

  /** Shows the recorded frame of a moment, where there is one; else the present. */
  async show(item: Item, time: number): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const rows = this.#options.recorded.get(item.id) ?? [];
    // Of the frames about that time, the one that was read: boxes and faces fit.
    const moment = readingsAt(rows, time, { width: 0, height: 0 })?.time ?? time;
    const found = takeAt(item.takes, moment) ?? takeAt(item.takes, time);
    const file = found && this.#files.get(found.take.id);
    if (!found || !file) return this.end();
    const image = await this.#replay.frameAt(found.take.id, file, found.at);
    if (asked !== this.#asked || this.#options.store.get().selectedId !== item.id) image?.close();
    else if (image) this.#draw(item, mediaTimeOf(found.take.spans, found.at), image);
  }

  /** Plays on from a moment, or from the session's first recorded one. */
  async play(item: Item, time: number | null): Promise<void> {
    this.#asked += 1;
    const found = time === null ? null : takeAt(item.takes, time);
    const isOver = found && found.at > (found.take.length ?? 0) - 0.2;
    const first = item.takes.find(({ length }) => length !== null);
    const take = found && !isOver ? found.take : first;
    const file = take && this.#files.get(take.id);
    if (take && file) await this.#replay.play(take.id, file, found && !isOver ? found.at : 0);
  }

  pause(): void {
    this.#replay.pause();
  }

  /** The present on the stage again. */
  end(): void {
    const { store, painter, live, lastFrame, places } = this.#options;
    this.#asked += 1;
    this.#replay.pause();
    const state = store.get();
    if (state.replay === null) return;
    store.dispatch({ type: 'replay', time: null });
    if (this.#peeked) {
      painter.endPeek();
      this.#peeked.image.close();
      this.#peeked = null;
      return;
    }
    const item = selectedItem(state);
    live.show(item?.snapshot ?? null);
    const last = item && lastFrame(item.id);
    if (last) painter.show(last, places(item.snapshot));
  }

  /** Another item comes to the stage. */
  leave(): void {
    void this.recording.stop();
    this.end();
    this.#replay.close();
  }

  delete(itemId: string, takeId: string): void {
    this.end();
    this.#replay.close();
    this.#files.delete(takeId);
    this.#options.store.dispatch({ type: 'take-deleted', itemId, takeId });
  }

  /**
   * What was kept, and what was cut off: the latter is put together first, also where the page ended between the file and its length. What
   * cannot be put together stays as it is: another visit may have more luck.
   */
  takeBack({ record, takes, pieces }: KeptItem): void {
    for (const [takeId, file] of takes) this.#files.set(takeId, file);
    for (const take of record.takes) {
      const cut = take.length === null && (takes.get(take.id) ?? pieces.get(take.id));
      if (!cut) continue;
      const raw = new Blob(cut instanceof Blob ? [cut] : cut, { type: take.type });
      void putTogether(take, raw).then((whole) => whole.file && this.#finished(record.id, whole.take, whole.file));
    }
  }

  forget(item: Item): void {
    for (const { id } of item.takes) this.#files.delete(id);
  }

  #finished(itemId: string, take: Take, file: Blob | null): void {
    const { store } = this.#options;
    if (!file) {
      store.dispatch({ type: 'take-deleted', itemId, takeId: take.id });
      return;
    }
    const { items, deleted } = store.get();
    if (deleted?.item.id !== itemId && !items.some(({ id }) => id === itemId)) return;
    this.#files.set(take.id, file);
    store.dispatch({ type: 'take-set', itemId, take });
  }

  #played(takeId: string, at: number, image: ImageBitmap): void {
    const item = selectedItem(this.#options.store.get());
    const take = item?.takes.find(({ id }) => id === takeId);
    if (!item || !take) {
      image.close();
      return;
    }
    const time = mediaTimeOf(take.spans, at);
    this.#options.onMoment(time);
    this.#draw(item, time, image);
  }

  #draw(item: Item, time: number, image: ImageBitmap): void {
    const { store, painter, live, recorded, places } = this.#options;
    const snapshot = readingsAt(recorded.get(item.id) ?? [], time, { width: image.width, height: image.height });
    if (store.get().camera === 'off') {
      // As it was live: with its boxes, its numbers and its trail.
      live.publish(snapshot ?? { time, width: image.width, height: image.height, readings: [] }, performance.now());
      painter.show(image, places(snapshot, time));
      image.close();
    } else {
      painter.peek(image, places(snapshot, time));
      this.#peeked?.image.close();
      this.#peeked = { image, time, snapshot };
    }
    store.dispatch({ type: 'replay', time });
  }
}
