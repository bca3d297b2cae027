/** An item's thumbnail, made of a picture or a frame of it: on the shelf for the storage, and as a URL in the state for the page. */
import { makeThumbnail, type PictureShelf } from './picture-shelf.ts';
import type { StateStore } from './state-store.ts';

/** In place of the one before. @param size px of the image */
export async function setThumbnail(
  { store, shelf }: { store: StateStore; shelf: PictureShelf },
  itemId: string,
  image: CanvasImageSource,
  { width, height }: { width: number; height: number },
): Promise<void> {
  const blob = await makeThumbnail(image, width, height);
  if (!blob) return;
  shelf.addThumbnail(itemId, blob);
  // Read again, or made of several frames before the first of them was there.
  const before = store.get().items.find((item) => item.id === itemId)?.thumbnail;
  store.dispatch({ type: 'item-thumbnail', itemId, url: URL.createObjectURL(blob) });
  if (before) URL.revokeObjectURL(before);
}
