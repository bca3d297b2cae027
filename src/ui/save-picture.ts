/** Hands what the stage shows to the browser as a picture. */
import { exportFileName } from '../export/file-name.ts';
import { VERSION } from '../shared/version.ts';
import { saveBlob } from './save-file.ts';
import type { SessionController } from './session-controller.ts';
import { buildSession } from './session-export.ts';
import type { Settings } from './settings.ts';
import { type PictureType, stagePicture } from './stage-picture.ts';
import type { StateStore } from './state-store.ts';

/** Where faces are hidden, its name does not tell the file's. Nothing while the stage is empty; rejects where the browser is out of memory for it. */
export async function savePicture(
  store: StateStore,
  controller: SessionController,
  settings: Settings,
  type: PictureType,
  extension: string,
): Promise<void> {
  const picture = await stagePicture(store, controller, settings, type);
  if (!picture) return;
  const { selectedId } = store.get();
  const session = buildSession(store.get(), controller.recorded, {}, VERSION);
  const items = settings.facesShown === 'as-they-are' ? session.items.filter((item) => item.id === selectedId) : [];
  saveBlob(picture, exportFileName({ ...session, items }, extension, new Date()));
}
