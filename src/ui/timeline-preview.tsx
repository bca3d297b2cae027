import { useEffect, useImperativeHandle, useRef } from 'react';
import type { Item } from './analysis-state.ts';
import { clock } from './format.ts';
import { FramePreview, PREVIEW_SIDE } from './frame-preview.ts';
import { messages } from './messages.ts';
import { useSession } from './session-context.ts';
import './timeline-preview.css';

export interface PreviewHandle {
  /**
   * @param time media time in seconds; null hides it
   * @param place of that time on the plot, px from its left edge
   * @param text what was read there
   */
  point: (time: number | null, place: number | null, text: string) => void;
}

/** An explained frame stands for moments around it, in seconds, or in this share of what is shown. */
const NEAR_SECONDS = 2;
/** A decoder is not kept waiting for longer than this, ms. */
const IDLE_MS = 20_000;
const GAP = 6;

/**
 * What was seen at the moment under the pointer: a video's own frame, of a camera the nearest one that was explained; without either, the
 * numbers alone. It lies over the page, takes no room, no focus and no click.
 */
export function TimelinePreview({ item, ref }: { item: Item; ref: React.Ref<PreviewHandle> }) {
  const { controller, settings } = useSession();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const image = useRef<HTMLImageElement>(null);
  const words = useRef<HTMLParagraphElement>(null);
  const video = useRef<FramePreview | null>(null);
  const idle = useRef(0);
  // A small picture would show what the stage hides.
  const hidden = settings.facesShown !== 'as-they-are';
  const close = () => {
    video.current?.close();
    video.current = null;
    canvas.current?.setAttribute('hidden', '');
  };
  const closeNow = useRef(close);
  closeNow.current = close;
  useEffect(
    () => () => {
      clearTimeout(idle.current);
      closeNow.current();
    },
    [],
  );
  const paint = (frame: HTMLVideoElement) => {
    const scale = PREVIEW_SIDE / Math.max(frame.videoWidth, frame.videoHeight);
    if (!canvas.current) return;
    canvas.current.width = Math.round(frame.videoWidth * scale);
    canvas.current.height = Math.round(frame.videoHeight * scale);
    canvas.current.getContext('2d')?.drawImage(frame, 0, 0, canvas.current.width, canvas.current.height);
    canvas.current.removeAttribute('hidden');
    place.current();
  };
  const place = useRef<() => void>(() => {});
  useImperativeHandle(ref, () => ({
    point: (time, left, text) => {
      const element = box.current;
      if (!element) return;
      clearTimeout(idle.current);
      if (time === null || left === null) {
        element.hidden = true;
        idle.current = window.setTimeout(() => closeNow.current(), IDLE_MS);
        return;
      }
      const file = item.kind === 'video' && !hidden ? controller.file(item.id) : null;
      if (file) {
        video.current ??= new FramePreview(file, paint);
        video.current.show(time);
      } else close();
      const kept = file || hidden ? null : nearestRun(item, time);
      showKept(image.current, kept?.miniature ?? null, controller.isMirrored(item.id));
      if (words.current) {
        const at = kept && clock(kept.time) !== clock(time) ? ` ${messages.timeline.frameOf(clock(kept.time))}` : '';
        words.current.textContent = `${clock(time)}${text === '' ? '' : `, ${text}`}${at}`;
      }
      element.hidden = false;
      place.current = () => moveTo(element, left);
      place.current();
    },
  }));
  return (
    <div className="timeline-preview" ref={box} hidden aria-hidden="true">
      <canvas ref={canvas} hidden />
      <img ref={image} alt="" draggable={false} hidden />
      <p ref={words} />
    </div>
  );
}

function nearestRun(item: Item, time: number) {
  const away = (run: { time: number }) => Math.abs(run.time - time);
  const [nearest] = item.explanations.filter((run) => run.miniature && away(run) <= NEAR_SECONDS).sort((a, b) => away(a) - away(b));
  return nearest ?? null;
}

function showKept(image: HTMLImageElement | null, source: string | null, mirrored: boolean): void {
  if (!image) return;
  image.hidden = source === null;
  if (source !== null && image.getAttribute('src') !== source) image.src = source;
  image.style.transform = mirrored ? 'scaleX(-1)' : '';
}

/** Above the plot, its middle over the moment, within the window. */
function moveTo(element: HTMLElement, left: number): void {
  const plot = element.parentElement?.getBoundingClientRect();
  if (!plot) return;
  const { width, height } = element.getBoundingClientRect();
  const x = Math.min(Math.max(GAP, plot.left + left - width / 2), Math.max(GAP, innerWidth - width - GAP));
  element.style.transform = `translate(${Math.round(x)}px, ${Math.round(Math.max(GAP, plot.top - height - GAP))}px)`;
}
