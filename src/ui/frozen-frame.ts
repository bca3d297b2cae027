/** What stands on the stage, as a picture of its own that does not change any more. */
import { type Item, selectedItem } from './analysis-state.ts';
import { miniature } from './picture-shelf.ts';
import type { SessionController } from './session-controller.ts';
import type { StateStore } from './state-store.ts';

export interface FrozenFrame {
  /** Whoever gets it closes it. */
  image: ImageBitmap;
  kind: Item['kind'];
  name: string;
  /** Media time in seconds; 0 for a picture. */
  time: number;
  /** As the user typed them; null: they are read from the picture. */
  words: string | null;
  /** A small picture as a data URL; null where faces are hidden on the stage, or the browser makes none. */
  preview: string | null;
}

/** Null while the stage is empty. A camera or video stands still from now on. */
export async function frozenFrame(store: StateStore, controller: SessionController): Promise<FrozenFrame | null> {
  const item = selectedItem(store.get());
  if (!item) return null;
  if (item.kind !== 'picture') controller.setPaused(true);
  const time = controller.moment.present() ?? 0;
  const image = await controller.painter.copy();
  if (!image) return null;
  const preview = controller.painter.hidesFaces ? null : await miniature(image, image);
  return { image, kind: item.kind, name: item.name, time, words: item.words ?? null, preview };
}
