import type { Size } from '../overlay/surface.ts';

/** Even on both sides, as encoders want it, with the longest one within `maxSide`. */
export function writtenSize({ width, height }: Size, maxSide: number | null): Size {
  const scale = maxSide === null ? 1 : Math.min(1, maxSide / Math.max(width, height));
  const even = (side: number) => Math.max(2, 2 * Math.round((side * scale) / 2));
  return { width: even(width), height: even(height) };
}
