/** Hides faces in a frame that lies on a canvas already. Knows no readings: it is told the places. */
import type { FacesShown } from '../shared/overlay.ts';
import type { FaceBox } from '../shared/readings.ts';
import { headOf, withinFrame } from './face-covers.ts';
import type { Size, Surface } from './surface.ts';

/** Cells across a head. With nearly half of them beside the face, too few for eyes or a mouth. */
const HEAD_CELLS = 8;
/** Cells across a whole frame of which nobody knows yet where its faces are. */
const FRAME_CELLS = 10;
const BOX_COLOUR = '#2b3035';

interface Scratch<Canvas> {
  canvas: Canvas;
  context: Pick<OffscreenCanvasRenderingContext2D, 'drawImage' | 'imageSmoothingEnabled' | 'imageSmoothingQuality'> | null;
}

/** A context with the canvas whose pixels it changes. */
export interface Painted {
  surface: Surface;
  canvas: CanvasImageSource;
  size: Size;
}

export class CoverPainter {
  readonly #makeScratch: (size: Size) => Scratch<CanvasImageSource>;

  /** @param makeScratch a small canvas of its own; for tests */
  constructor(makeScratch: (size: Size) => Scratch<CanvasImageSource> = offscreen) {
    this.#makeScratch = makeScratch;
  }

  /** @param faces the boxes of the faces; null: they are not known, and all of the frame is covered */
  cover(frame: Painted, faces: readonly FaceBox[] | null, shown: FacesShown): void {
    if (shown === 'as-they-are') return;
    const { size } = frame;
    const places = faces === null ? [{ x: 0, y: 0, ...size }] : faces.map(headOf);
    for (const place of places) {
      const inside = withinFrame(place, size);
      if (!inside) continue;
      // By the whole head: of one that the frame cuts off, what is left must not be the finer.
      const cell = Math.max(place.width, place.height) / (faces === null ? FRAME_CELLS : HEAD_CELLS);
      if (shown === 'boxes') this.#fill(frame.surface, inside, faces === null);
      else this.#blur(frame, inside, cell, faces === null);
    }
  }

  #fill(surface: Surface, { x, y, width, height }: FaceBox, whole: boolean): void {
    surface.save();
    surface.beginPath();
    surface.roundRect(x, y, width, height, whole ? 0 : radiusOf(width, height));
    surface.fillStyle = BOX_COLOUR;
    surface.fill();
    surface.restore();
  }

  /** Few cells, drawn large: what lay between them is gone, not softened. */
  #blur({ surface, canvas }: Painted, { x, y, width, height }: FaceBox, cell: number, whole: boolean): void {
    const cells = { width: Math.max(1, Math.round(width / cell)), height: Math.max(1, Math.round(height / cell)) };
    const scratch = this.#makeScratch(cells);
    if (!scratch.context) {
      // Out of canvases: better a box than a face.
      this.#fill(surface, { x, y, width, height }, true);
      return;
    }
    scratch.context.imageSmoothingEnabled = true;
    scratch.context.imageSmoothingQuality = 'high';
    scratch.context.drawImage(canvas, x, y, width, height, 0, 0, cells.width, cells.height);
    surface.save();
    surface.beginPath();
    surface.roundRect(x, y, width, height, whole ? 0 : radiusOf(width, height));
    surface.clip();
    surface.imageSmoothingEnabled = true;
    surface.imageSmoothingQuality = 'high';
    surface.drawImage(scratch.canvas, 0, 0, cells.width, cells.height, x, y, width, height);
    surface.restore();
  }
}

const radiusOf = (width: number, height: number): number => 0.2 * Math.min(width, height);

function offscreen({ width, height }: Size): Scratch<OffscreenCanvas> {
  const canvas = new OffscreenCanvas(width, height);
  return { canvas, context: canvas.getContext('2d') };
}
