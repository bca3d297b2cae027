/** Hands the timeline of what is on the stage to the browser as a picture. */
import { exportFileName } from '../export/file-name.ts';
import { VERSION } from '../shared/version.ts';
import { selectedItem } from './analysis-state.ts';
import { later } from './later.ts';
import { messages } from './messages.ts';
import { NOBODY_KNOWN } from './people.ts';
import { saveBlob } from './save-file.ts';
import type { SessionController } from './session-controller.ts';
import { buildSession } from './session-export.ts';
import type { Settings } from './settings.ts';
import type { StateStore } from './state-store.ts';
import { WHOLE } from './timeline-track.ts';

/** uPlot comes with it. */
const timelinePicture = later(() => import('./timeline-picture.ts'));

/** Where faces are hidden, the picture names neither people nor the file. Rejects where uPlot cannot be had, or the browser is out of memory. */
export async function saveTimeline(store: StateStore, controller: SessionController, settings: Settings): Promise<void> {
  const item = selectedItem(store.get());
  if (!item || item.kind === 'picture') return;
  const { timelinePicture: draw } = await timelinePicture();
  const session = buildSession(store.get(), controller.recorded, {}, VERSION);
  const isOpen = settings.facesShown === 'as-they-are';
  const people = isOpen ? item.people : { ...NOBODY_KNOWN, sameAs: item.people.sameAs };
  const picture = await draw({
    item: isOpen ? item : { ...item, name: messages.timeline.name, people },
    track: controller.readings.track(item.id),
    look: controller.looks.get(item.id) ?? { kind: 'emotions', view: WHOLE, person: null },
    extent: controller.moment.extent(item),
    made: session,
  });
  const items = isOpen ? session.items.filter(({ id }) => id === item.id) : [];
  saveBlob(picture, exportFileName({ ...session, items }, 'timeline.png', new Date()));
}
