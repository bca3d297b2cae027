import { useRef } from 'react';
import { isMainFace, selectedItem } from './analysis-state.ts';
import { useFaceIds, useReadingsDraw } from './hooks.ts';
import type { LiveReadings } from './live-readings.ts';
import { messages } from './messages.ts';
import { nameOf } from './people.ts';
import { useAppState, useSession } from './session-context.ts';

/** A box for each face, in step with the frame beneath. Positions and words are written without React. */
export function StageOverlay({ mirrored }: { mirrored: boolean }) {
  const { settings } = useSession();
  const faceIds = useFaceIds();
  return (
    <>
      {settings.overlay.landmarks && <LandmarkDots mirrored={mirrored} />}
      <ul className="overlay" aria-label={messages.facesOnStage} data-boxes={settings.overlay.boxes} data-labels={settings.overlay.labels}>
        {faceIds.map((faceId) => (
          <FaceMark key={faceId} faceId={faceId} mirrored={mirrored} many={faceIds.length > 6} />
        ))}
      </ul>
    </>
  );
}

function FaceMark({ faceId, mirrored, many }: { faceId: number; mirrored: boolean; many: boolean }) {
  const { store, controller } = useSession();
  const selected = useAppState((state) =>
    state.selectedFace === null ? isMainFace(controller.live.snapshot, faceId) : state.selectedFace === faceId,
  );
  const name = useAppState((state) => {
    const item = selectedItem(state);
    return item && nameOf(item.people, faceId);
  });
  const mark = useRef<HTMLLIElement>(null);
  const glyph = useRef<SVGUseElement>(null);
  const word = useRef<HTMLSpanElement>(null);
  const place = (live: LiveReadings) => {
    const { snapshot } = live;
    const reading = live.reading(faceId);
    const element = mark.current;
    if (!snapshot || !reading || !element) return;
    const { x, y, width, height } = reading.box;
    const left = mirrored ? snapshot.width - x - width : x;
    element.style.left = `${(100 * left) / snapshot.width}%`;
    element.style.top = `${(100 * y) / snapshot.height}%`;
    element.style.width = `${(100 * width) / snapshot.width}%`;
    element.style.height = `${(100 * height) / snapshot.height}%`;
    element.dataset.place = y + height * 1.25 > snapshot.height ? 'above' : 'below';
    if (element.dataset.emotion === reading.emotion) return;
    element.dataset.emotion = reading.emotion;
    glyph.current?.setAttribute('href', `#glyph-${reading.emotion}`);
    if (word.current) word.current.textContent = messages.emotions[reading.emotion];
  };
  useReadingsDraw({ shapes: place });
  return (
    // The same choice is made by keyboard in Readings; here the pointer is enough.
    <li
      className="face-mark"
      ref={mark}
      data-selected={selected}
      data-many={many}
      onPointerDown={() => store.dispatch({ type: 'face-selected', faceId })}
    >
      <span className="face-tag">
        <b>{name ?? faceId}</b>
        <svg className="glyph" width="16" height="16" aria-hidden="true" focusable="false">
          <use ref={glyph} />
        </svg>
        <span className="face-word" ref={word} />
      </span>
    </li>
  );
}

function LandmarkDots({ mirrored }: { mirrored: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useReadingsDraw({
    shapes: ({ snapshot }) => {
      const element = canvas.current;
      const context = element?.getContext('2d');
      if (!element || !context || !snapshot) return;
      element.width = snapshot.width;
      element.height = snapshot.height;
      context.fillStyle = 'rgb(255 255 255 / 0.75)';
      const side = Math.max(1, snapshot.width / 640);
      for (const { landmarks } of snapshot.readings) {
        for (let i = 0; i + 1 < landmarks.length; i += 2) {
          const x = landmarks[i] ?? 0;
          context.fillRect(mirrored ? snapshot.width - x : x, landmarks[i + 1] ?? 0, side, side);
        }
      }
    },
  });
  return <canvas className="landmark-dots" ref={canvas} />;
}
