/**
 * What item is on the stage: a picture, a video that plays, or the last frame of a camera or video that was left. Knows no worker, and not
 * what ends when another item comes.
 */
import { type Item, type Snapshot, selectedItem } from './analysis-state.ts';
import { KeptFrames } from './kept-frames.ts';
import type { KnownFrames } from './known-frames.ts';
import type { LiveReadings } from './live-readings.ts';
import type { LiveSource } from './live-source.ts';
import { compressed, type PictureShelf } from './picture-shelf.ts';
import type { Standing } from './session-keeper.ts';
import type { Places, StagePainter } from './stage-painter.ts';
import type { StateStore } from './state-store.ts';

interface ItemStageOptions {
  store: StateStore;
  painter: StagePainter;
  live: LiveReadings;
  source: LiveSource;
  shelf: PictureShelf;
  known: KnownFrames;
}

export class ItemStage {
  readonly #options: ItemStageOptions;
  /** Where cameras and videos stood when they were left. */
  readonly #lastFrames = new KeptFrames();
  /** Kept videos that came back: not opened, and so not read, before somebody plays them. */
  readonly #resting = new Set<string>();

  constructor(options: ItemStageOptions) {
    this.#options = options;
  }

  get item(): Item | null {
    return selectedItem(this.#options.store.get());
  }

  /** Where the faces of a frame of the item on the stage are, as `KnownFrames` has it. */
  places(snapshot: Snapshot | null, time?: number): Places {
    return this.#options.known.places(this.item, snapshot, time);
  }

  /** Puts an item on the stage that is selected already; a camera session that was left stands at its last frame. */
  async show(item: Item): Promise<void> {
    const { store, painter, live, shelf } = this.#options;
    live.show(item.snapshot);
    painter.clear();
    const last = this.lastFrame(item.id);
    const stands = item.kind === 'camera' || this.isResting(item.id);
    if (stands && last) painter.show(last, this.places(item.snapshot));
    if (stands) store.dispatch({ type: 'paused', paused: true });
    if (stands || !shelf.file(item.id)) return;
    if (item.kind === 'video') return this.#openVideo(item, 0);
    const picture = await shelf.open(item.id);
    // It may have been read meanwhile.
    const now = this.item;
    if (picture?.ok && now?.id === item.id) painter.show(picture.value.image, this.places(now.snapshot));
  }

  /** What is selected now, unless it was before. */
  showSelected(before: string | null): void {
    const { item } = this;
    if (item && item.id !== before) void this.show(item);
    if (!item) this.clear();
  }

  /** The picture on the stage may have been read. */
  showStill(): void {
    const { painter, live } = this.#options;
    const { item } = this;
    if (item?.kind !== 'picture' || item.snapshot === live.measured) return;
    live.show(item.snapshot);
    painter.setPlaces(this.places(item.snapshot));
  }

  /** Neither a picture nor readings: they would be another item's. */
  clear(): void {
    this.#options.live.show(null);
    this.#options.painter.clear();
  }

  /** Of a camera that is off, the last frame and its readings stay on the stage. */
  standStill(): void {
    const { store, painter, live } = this.#options;
    store.dispatch({ type: 'paused', paused: true });
    live.show(live.measured);
    if (!live.measured) painter.clear();
  }

  isResting(itemId: string): boolean {
    return this.#resting.has(itemId);
  }

  /** A video that was on the stage stays there where no other item takes its place: Play opens it again. */
  rest(itemId: string): void {
    this.#resting.add(itemId);
    this.#options.store.dispatch({ type: 'paused', paused: true });
    this.keepLast(itemId);
  }

  /** Plays a video that rests, from a time in seconds on. Whether it rested. */
  wake(item: Item, from: number): boolean {
    const isResting = this.#resting.delete(item.id);
    if (isResting) void this.#openVideo(item, from);
    return isResting;
  }

  /** A video comes out of the storage. */
  takeBack(itemId: string): void {
    this.#resting.add(itemId);
  }

  /** Whoever looks at it must not close it. */
  lastFrame(itemId: string): ImageBitmap | null {
    return this.#lastFrames.get(itemId);
  }

  /** The frame on the stage is where the item stands from now on. */
  keepLast(itemId: string): void {
    void this.#options.painter.copy().then((image) => image && this.#lastFrames.keep(itemId, image));
  }

  /** Likewise, out of the storage. A picture that cannot be decoded is as good as none. */
  async takeBackLast(itemId: string, blob: Blob): Promise<void> {
    const { store, painter, live } = this.#options;
    const image = await createImageBitmap(blob).catch(() => null);
    if (!image) return;
    const { items, selectedId } = store.get();
    if (!items.some(({ id }) => id === itemId)) return image.close();
    this.#lastFrames.keep(itemId, image);
    if (selectedId === itemId && painter.canvas.width === 0) painter.show(image, this.places(live.measured));
  }

  /** Where a camera or video stands now. @param camera the session whose camera is on */
  async standing(item: Item, camera: string | null): Promise<Standing | null> {
    const { painter, live } = this.#options;
    const isResting = this.isResting(item.id);
    const onStage = item.kind === 'camera' ? camera === item.id : this.item?.id === item.id && !isResting;
    // Of a video that was left there is no picture any more: what was kept of it while it played stays.
    if (!onStage && item.kind === 'video' && !isResting) return null;
    const snapshot = onStage ? live.measured : item.snapshot;
    const last = onStage ? await painter.copy() : this.lastFrame(item.id);
    if (!snapshot || !last) return null;
    const image = await compressed(last);
    if (onStage) last.close();
    return { snapshot, image };
  }

  forget(itemId: string): void {
    this.#lastFrames.forget([itemId]);
    this.#resting.delete(itemId);
  }

  async #openVideo(item: Item, from: number): Promise<void> {
    const { store, painter, source, shelf } = this.#options;
    const file = shelf.file(item.id);
    if (!file) return;
    const video = await source.openVideo(file, from, (error) => store.dispatch({ type: 'item-failed', itemId: item.id, error }));
    if (store.get().selectedId !== item.id) return;
    if (video.ok) {
      painter.reserve(video.value);
      store.dispatch({ type: 'item-ready', itemId: item.id });
    } else if (video.error.code !== 'cancelled') {
      store.dispatch({ type: 'item-failed', itemId: item.id, error: video.error });
    }
  }
}
