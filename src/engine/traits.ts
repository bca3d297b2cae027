/**
 * What can be said of how a face is shown, without knowing the face. The twin of `traits_of` in training/emoprompt.py, whose words the
 * language model was taught; the pack's goldens hold the two together.
 */

/** Measured on one face: place and size over the picture's width, mean and deviation of its crop's grey levels, [0, 255]. */
export interface Shown {
  centreX: number;
  width: number;
  light: number;
  contrast: number;
}

const TRAITS: readonly (readonly [trait: string, holds: (shown: Shown) => boolean])[] = [
  ['close', ({ width }) => width >= 0.6],
  ['small in the picture', ({ width }) => width <= 0.25],
  ['to the left', ({ centreX }) => centreX < 0.36],
  ['to the right', ({ centreX }) => centreX > 0.64],
  ['dark', ({ light }) => light < 75],
  ['in bright light', ({ light }) => light > 180],
  ['in flat light', ({ contrast }) => contrast < 30],
];
const MOST = 2;

/** The first two that hold, most telling first. */
export function traitsOf(shown: Shown): string[] {
  return TRAITS.filter(([, holds]) => holds(shown))
    .slice(0, MOST)
    .map(([trait]) => trait);
}
