/** Files that the user opens: each becomes an item and is read in its turn, or is that of a video which came back without it. Knows no stage. */
import { fileKind } from '../media/kinds.ts';
import type { Item } from './analysis-state.ts';
import type { PictureReader } from './picture-reader.ts';
import type { PictureShelf } from './picture-shelf.ts';
import { fetchSample } from './sample-picture.ts';
import type { StateStore } from './state-store.ts';
import type { VideoJobs } from './video-jobs.ts';

interface OpenedFilesOptions {
  store: StateStore;
  shelf: PictureShelf;
  pictures: Pick<PictureReader, 'read'>;
  videoJobs: Pick<VideoJobs, 'goOn'>;
  newId: (prefix: string) => string;
  /** The sample is found relative to this. */
  baseUrl: string;
  /** Whether a camera is on: then no file takes its place. */
  isWatching: () => boolean;
  /** Whatever is on the stage ends. */
  leave: () => void;
  /** The new item, which is selected, comes to the stage; null: it cannot be shown. */
  show: (item: Item | null) => void;
}

export class OpenedFiles {
  readonly #options: OpenedFilesOptions;
  /** The video whose file was asked for, so that its analysis can go on. */
  #wanted: string | null = null;

  constructor(options: OpenedFilesOptions) {
    this.#options = options;
  }

  /** The first is shown, unless something is being watched. */
  add(files: readonly File[]): void {
    const isWatching = this.#options.isWatching();
    files.forEach((file, index) => void this.#add(file, index === 0 && !isWatching));
  }

  async addSample(): Promise<void> {
    const { store, baseUrl } = this.#options;
    const sample = await fetchSample(baseUrl);
    if (sample.ok) this.add([sample.value]);
    else store.dispatch({ type: 'notice', error: sample.error });
  }

  /** Makes a file an item and shows it, whatever is being watched. Gives the item's id. */
  show(file: File): string {
    const id = this.#options.newId('item');
    void this.#add(file, true, id);
    return id;
  }

  /** A video's analysis goes on; where its file is not there any more, as soon as it was chosen. */
  goOn(itemId: string, choose: () => void): void {
    if (this.#options.shelf.file(itemId)) {
      this.#options.videoJobs.goOn(itemId);
      return;
    }
    this.#wanted = itemId;
    choose();
  }

  async #add(file: File, select: boolean, id = this.#options.newId('item')): Promise<void> {
    const { store, shelf, pictures, leave, show } = this.#options;
    const owner = this.#ownerOf(file);
    if (owner) return this.#give(owner, file);
    const kind = await fileKind(file);
    const isShown = select || store.get().selectedId === null;
    if (isShown) leave();
    shelf.add(id, file);
    store.dispatch({ type: 'item-added', item: { id, kind: kind.ok ? kind.value.kind : 'picture', name: file.name }, select: isShown });
    if (!kind.ok) store.dispatch({ type: 'item-failed', itemId: id, error: kind.error });
    const item = store.get().items.find((each) => each.id === id) ?? null;
    if (isShown) show(kind.ok ? item : null);
    if (kind.ok && kind.value.kind === 'picture') await pictures.read(id);
  }

  /** The video that this file belongs to: it was analysed, and came back without it. */
  #ownerOf(file: File): Item | null {
    const { store, shelf } = this.#options;
    const misses = ({ id, kind, name, jobs }: Item) =>
      kind === 'video' && !shelf.file(id) && name === file.name && jobs?.at(-1)?.size === file.size;
    return store.get().items.find(misses) ?? null;
  }

  #give({ id }: Item, file: File): void {
    const { store, shelf, videoJobs } = this.#options;
    shelf.add(id, file);
    store.dispatch({ type: 'item-whole', itemId: id });
    if (this.#wanted === id) videoJobs.goOn(id);
    this.#wanted = null;
  }
}
