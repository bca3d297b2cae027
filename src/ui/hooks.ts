import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { LiveReadings } from './live-readings.ts';
import { useSession } from './session-context.ts';

/** A phone, upright or on its side: what stands beside and below the stage on a desk lies in tabs. */
export const PHONE = '(max-width: 760px), (max-height: 500px)';
/** Digits that change more often cannot be read. */
const DIGITS_MS = 200;

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (notify) => {
      const list = matchMedia(query);
      list.addEventListener('change', notify);
      return () => list.removeEventListener('change', notify);
    },
    () => matchMedia(query).matches,
  );
}

export function usePageHidden(): boolean {
  return useSyncExternalStore(
    (notify) => {
      document.addEventListener('visibilitychange', notify);
      return () => document.removeEventListener('visibilitychange', notify);
    },
    () => document.hidden,
  );
}

/**
 * Draws readings without React: `shapes` at most once a display frame, `digits` at most five times a
 * second, with the newest numbers always drawn in the end. Both are called once at the start.
 */
export function useReadingsDraw(draw: { shapes?: (live: LiveReadings) => void; digits?: (live: LiveReadings) => void }): void {
  const { controller } = useSession();
  const latest = useRef(draw);
  latest.current = draw;
  // Before the first paint, so that nothing is seen without its numbers.
  useLayoutEffect(() => {
    const { live } = controller;
    let frame = 0;
    let timer = 0;
    let digitsAt = Number.NEGATIVE_INFINITY;
    const digits = () => {
      timer = 0;
      digitsAt = performance.now();
      latest.current.digits?.(live);
    };
    const shapes = () => {
      frame = 0;
      latest.current.shapes?.(live);
      if (timer === 0) {
        const wait = digitsAt + DIGITS_MS - performance.now();
        if (wait <= 0) digits();
        else timer = window.setTimeout(digits, wait);
      }
    };
    shapes();
    const unsubscribe = live.onFrame(() => {
      if (frame === 0) frame = requestAnimationFrame(shapes);
    });
    return () => {
      unsubscribe();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [controller]);
}

/** Ids of the faces on show. */
export function useFaceIds(): readonly number[] {
  const { live } = useSession().controller;
  return useSyncExternalStore(live.onFaces, live.faceIds);
}

/** px of the frame on the stage. */
export function useFrameSize(): { width: number; height: number } | null {
  const { painter } = useSession().controller;
  return useSyncExternalStore(painter.onSize, painter.size);
}

/** px of an element's content box, kept up to date. */
export function useElementSize(): [React.RefCallback<HTMLElement>, { width: number; height: number }] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, size];
}
