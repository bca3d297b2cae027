/** Reads the pictures that are opened, one after another, as soon as that is possible. Knows no stage and no components. */
import type { MediaFrame } from '../media/frame.ts';
import type { WireError } from '../shared/errors.ts';
import { SerialQueue } from '../shared/serial-queue.ts';
import type { Analyzer } from './analyzer.ts';
import { setThumbnail } from './item-thumbnail.ts';
import type { PictureShelf } from './picture-shelf.ts';
import type { StateStore } from './state-store.ts';

interface PictureReaderOptions {
  store: StateStore;
  shelf: PictureShelf;
  /** The one there is now. */
  analyzer: () => Analyzer;
  newId: (prefix: string) => string;
  /** A picture's turn is over. */
  onRead: () => void;
}

/** By which the runs of this reader are known. */
const PREFIX = 'read';

export class PictureReader {
  readonly #options: PictureReaderOptions;
  readonly #queue = new SerialQueue();
  #waiting: (() => void)[] = [];
  /** Pictures that are read a second time, since a worker was lost with the first: a third may be lost to them. */
  readonly #again = new Set<string>();

  constructor(options: PictureReaderOptions) {
    this.#options = options;
  }

  /** In its turn. What goes wrong is told of the item. */
  async read(itemId: string): Promise<void> {
    await this.#queue.run(() => this.#read(itemId));
  }

  /** Whether a run whose worker is gone is begun again by itself: once for each picture. */
  beginAnew(runId: string): boolean {
    const itemId = this.#options.store.get().runs[runId];
    if (itemId === undefined || !runId.startsWith(`${PREFIX}-`) || this.#again.has(itemId)) return false;
    this.#again.add(itemId);
    void this.read(itemId);
    return true;
  }

  /** Call whenever faces can be read, or never will be. */
  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** A picture for the run that explains it; null where it is gone, or cannot be decoded, which is told of the run. */
  async frame(itemId: string, runId: string): Promise<MediaFrame | null> {
    const { store, shelf } = this.#options;
    const picture = await shelf.open(itemId);
    if (picture?.ok) return picture.value.frame();
    if (picture) store.dispatch({ type: 'event', event: { type: 'failed', runId, error: picture.error } });
    return null;
  }

  forget(itemId: string): void {
    this.#again.delete(itemId);
  }

  async #read(itemId: string): Promise<void> {
    const { store, shelf, analyzer, newId, onRead } = this.#options;
    const picture = await shelf.open(itemId);
    if (!picture || !this.#has(itemId)) return;
    if (!picture.ok) return this.#failed(itemId, picture.error);
    const { image, width, height } = picture.value;
    await setThumbnail({ store, shelf }, itemId, image, { width, height });
    const refused = await this.#readable();
    if (!this.#has(itemId)) return;
    if (refused) return this.#failed(itemId, refused);
    // Others may have been opened meanwhile, and this one closed.
    const again = await shelf.open(itemId);
    if (!again?.ok) return;
    const runId = newId(PREFIX);
    store.dispatch({ type: 'read-asked', itemId, runId });
    const frame = await again.value.frame();
    await analyzer().read(new AbortController().signal, frame, { runId, sourceId: itemId, mode: 'still', smoothing: 0 });
    onRead();
  }

  /** Resolves when pictures can be read, with the reason where they never will. */
  async #readable(): Promise<WireError | null> {
    for (;;) {
      const { faces, reader } = this.#options.store.get().model.parts;
      if (reader.phase === 'ready') return null;
      const error = reader.error ?? faces.error;
      if (error) return error;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #failed(itemId: string, error: WireError): void {
    this.#options.store.dispatch({ type: 'item-failed', itemId, error });
  }

  #has(itemId: string): boolean {
    return this.#options.store.get().items.some((item) => item.id === itemId);
  }
}
