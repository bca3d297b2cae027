import { useEffect, useRef, useState } from 'react';
import { exportFileName } from '../export/file-name.ts';
import { fitSize } from '../media/picture-file.ts';
import type { Stretch } from '../overlay/face-tracks.ts';
import type { WireError } from '../shared/errors.ts';
import { type WrittenFormat, type WrittenVideo, writeVideoExport } from '../workers/client.ts';
import type { Item } from './analysis-state.ts';
import { messages } from './messages.ts';
import { namesOfPeople } from './people.ts';
import { saveBlob } from './save-file.ts';
import { useSession } from './session-context.ts';
import { buildSession } from './session-export.ts';
import { captionsOf, overlayReadings, type VideoChoices, videoTags } from './video-export.ts';

export type ExportPhase =
  | { name: 'choosing' }
  /** `done` of `seconds` of media time are written, `elapsed` seconds after the start. */
  | { name: 'writing'; done: number; seconds: number; elapsed: number; stopping: boolean }
  | { name: 'done'; written: WrittenVideo }
  | { name: 'failed'; error: WireError };

/** Longest side in px of the frames that faces are read from. */
const MAX_FRAME_SIDE = 1920;

/** Where there is a save dialog of the browser's own: the video is written right where the user wants it. */
type SavePicker = (options: {
  suggestedName: string;
  types: { description: string; accept: Record<string, string[]> }[];
}) => Promise<FileSystemFileHandle>;

/** One export at a time; it ends with the component. */
/** @param size px of the video as shown */
export function useVideoExport(item: Item, file: Blob, size: { width: number; height: number }, version: string) {
  const { store, controller, settings } = useSession();
  const [phase, setPhase] = useState<ExportPhase>({ name: 'choosing' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const write = async (choices: VideoChoices, range: Stretch, format: WrittenFormat): Promise<void> => {
    const at = new Date();
    const state = store.get();
    const session = buildSession(state, controller.recorded, { smoothing: settings.smoothing, backend: controller.backend }, version);
    const own = choices.faces === 'as-they-are' ? session.items.filter(({ id }) => id === item.id) : [];
    const name = exportFileName({ ...session, items: own }, format.container, at);
    const place = await askForPlace(name, format);
    if (place === 'dismissed') return;
    const abort = new AbortController();
    running.current = abort;
    const began = performance.now();
    const progress = (done: number) =>
      setPhase((last) => ({
        name: 'writing',
        done,
        seconds: range.to - range.from,
        elapsed: (performance.now() - began) / 1000,
        stopping: last.name === 'writing' && last.stopping,
      }));
    progress(0);
    const frame = state.selectedId === item.id ? controller.live.measured : null;
    const known = frame ?? session.items.find(({ id, width }) => id === item.id && width > 0);
    const written = await writeVideoExport(
      abort.signal,
      {
        file,
        format,
        maxSide: choices.maxSide,
        from: range.from,
        to: range.to,
        sound: choices.sound,
        faces: choices.faces,
        parts: choices.parts,
        words: { emotions: { ...messages.emotions }, valence: messages.valence, arousal: messages.arousal },
        readings: overlayReadings(controller.recorded.get(item.id) ?? [], item.people),
        measuredOn: known ? { width: known.width, height: known.height } : fitSize(size, MAX_FRAME_SIDE),
        readTimes: controller.readings.times(item.id),
        names: namesOfPeople(item.people),
        chosen: state.selectedId === item.id ? state.selectedFace : null,
        captions: captionsOf(item.explanations),
        tags: videoTags(session, item, choices, at),
        place,
      },
      progress,
    );
    if (written.ok) {
      if (written.value.file) saveBlob(written.value.file, name);
      setPhase({ name: 'done', written: written.value });
    } else setPhase(written.error.code === 'cancelled' ? { name: 'choosing' } : { name: 'failed', error: written.error });
  };

  return {
    phase,
    start: (choices: VideoChoices, range: Stretch, format: WrittenFormat) => void write(choices, range, format),
    stop: () => {
      running.current?.abort();
      setPhase((last) => (last.name === 'writing' ? { ...last, stopping: true } : last));
    },
    reset: () => setPhase({ name: 'choosing' }),
  };
}

/** Null: the browser has no such dialog, or does not open it here; the file comes as a download. */
async function askForPlace(name: string, { container }: WrittenFormat): Promise<FileSystemFileHandle | null | 'dismissed'> {
  const { showSaveFilePicker } = window as { showSaveFilePicker?: SavePicker };
  if (!showSaveFilePicker) return null;
  const { containers } = messages.videoExport;
  try {
    return await showSaveFilePicker.call(window, {
      suggestedName: name,
      types: [{ description: containers[container], accept: { [`video/${container}`]: [`.${container}`] } }],
    });
  } catch (error) {
    return error instanceof DOMException && error.name === 'AbortError' ? 'dismissed' : null;
  }
}
