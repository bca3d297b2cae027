/** What is drawn over a frame when it is shown or written without the page: plain data that crosses to the worker. */
import type { EmotionLabel } from './labels.ts';
import type { Reading } from './readings.ts';

/** How faces are shown: as they are, too coarse to be known, or under a flat box. */
export const FACES_SHOWN = ['as-they-are', 'blurred', 'boxes'] as const;
export type FacesShown = (typeof FACES_SHOWN)[number];

/** What an overlay needs of a reading. */
export type OverlayReading = Pick<Reading, 'faceId' | 'time' | 'box' | 'emotion' | 'probabilities' | 'valence' | 'arousal'>;

/** What of it is drawn. */
export interface OverlayParts {
  boxes: boolean;
  /** Glyph and word beside the box. */
  emotions: boolean;
  /** The names that the user gave; a face without one, and all where this is off, shows its number. */
  names: boolean;
  /** Probabilities of the chosen face. */
  bars: boolean;
  /** Valence and arousal of the chosen face. */
  plane: boolean;
  /** Explanations, at the foot of the frame. */
  captions: boolean;
}

export interface OverlayCaption {
  /** Media time in seconds. */
  from: number;
  to: number;
  text: string;
}

/** The page's words, in its language. */
export interface OverlayWords {
  emotions: Record<EmotionLabel | 'uncertain', string>;
  valence: string;
  arousal: string;
}
