/** What the stage shows as one picture, with what was read drawn into it. Faces are covered there as they are on the stage, and nobody is named then. */
import { drawLandmarks, drawOverlay } from '../overlay/overlay.ts';
import type { OverlayReading } from '../shared/overlay.ts';
import { type AnalysisState, type Item, type Snapshot, selectedItem } from './analysis-state.ts';
import { messages } from './messages.ts';
import { asPeople, namesOfPeople } from './people.ts';
import { readingsAt } from './recorded-frame.ts';
import type { SessionController } from './session-controller.ts';
import type { Settings } from './settings.ts';
import type { StateStore } from './state-store.ts';

export type PictureType = 'image/png' | 'image/jpeg';
const JPEG_QUALITY = 0.92;

/** Null while the stage is empty. Rejects where the browser is out of memory for it. */
export async function stagePicture(
  store: StateStore,
  controller: SessionController,
  settings: Settings,
  type: PictureType,
): Promise<Blob | null> {
  const { canvas } = controller.painter;
  const { width, height } = canvas;
  const state = store.get();
  const item = selectedItem(state);
  if (width === 0 || !item) return null;
  const picture = new OffscreenCanvas(width, height);
  const context = picture.getContext('2d');
  if (!context) throw new Error('no 2D context');
  context.save();
  if (controller.mirrored) {
    context.translate(width, 0);
    context.scale(-1, 1);
  }
  context.drawImage(canvas, 0, 0);
  context.restore();
  const snapshot = snapshotOf(state, item, controller, { width, height });
  if (snapshot) {
    const across = width / snapshot.width;
    const down = height / snapshot.height;
    const faces = snapshot.readings.map((reading): OverlayReading => {
      const { x, y, width: wide, height: high } = reading.box;
      const left = controller.mirrored ? snapshot.width - x - wide : x;
      return { ...reading, box: { x: left * across, y: y * down, width: wide * across, height: high * down } };
    });
    if (settings.overlay.landmarks) {
      for (const { landmarks } of snapshot.readings) {
        drawLandmarks(
          context,
          { width, height },
          landmarks.map((value, i) => (i % 2 === 1 ? value * down : (controller.mirrored ? snapshot.width - value : value) * across)),
        );
      }
    }
    const { boxes, labels } = settings.overlay;
    drawOverlay(
      context,
      { width, height },
      { faces, names: namesOfPeople(item.people), chosen: state.selectedFace, trail: () => [], caption: null },
      { boxes, emotions: labels, names: settings.facesShown === 'as-they-are', bars: false, plane: false, captions: false },
      { emotions: messages.emotions, valence: messages.valence, arousal: messages.arousal },
    );
  }
  return picture.convertToBlob({ type, quality: JPEG_QUALITY });
}

/** Of the frame that is seen: while an explained or recorded one is looked at, the readings on show are another one's. */
function snapshotOf(
  state: AnalysisState,
  item: Item,
  controller: SessionController,
  size: { width: number; height: number },
): Snapshot | null {
  const peeked = state.highlight && item.explanations.find(({ runId }) => runId === state.highlight?.runId);
  if (peeked && item.kind !== 'picture') return peeked.snapshot;
  if (state.replay === null || state.camera === 'off') return controller.live.snapshot;
  const recorded = readingsAt(controller.recorded.get(item.id) ?? [], state.replay, size);
  return recorded && { ...recorded, readings: asPeople(recorded.readings, item.people) };
}
