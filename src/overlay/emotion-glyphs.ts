/** One glyph and one colour for each emotion, for those who draw: the page's sprite and the overlay alike. */
import type { EmotionLabel } from '../shared/labels.ts';

/** In the order in which they are shown everywhere: from pleasant to unpleasant, contempt last. */
export const SHOWN_EMOTIONS = [
  'happiness',
  'surprise',
  'neutral',
  'sadness',
  'anger',
  'disgust',
  'fear',
  'contempt',
] as const satisfies readonly EmotionLabel[];

/** Side of the square that the strokes lie in, and the radius of the circle around them. */
export const GLYPH_SIDE = 20;
export const GLYPH_RADIUS = 8.6;
/** Of the circle around "uncertain". */
export const UNCERTAIN_DASH = [2.4, 2.2] as const;

/** SVG paths, told apart by brows and mouth alone. */
export const GLYPH_STROKES: Record<EmotionLabel | 'uncertain', string> = {
  happiness: 'M6.6 7.9q.9-1.3 1.8 0M11.6 7.9q.9-1.3 1.8 0M5.8 11.2q4.2 5.4 8.4 0z',
  surprise: 'M5.8 5.9q1.4-1.2 2.8-.2M11.4 5.7q1.4-1 2.8.2M7.2 8.5v.3M12.8 8.5v.3M10 11.4a1.9 2.3 0 1 0 .01 0z',
  neutral: 'M7.2 8v.5M12.8 8v.5M6.6 12.9h6.8',
  sadness: 'M5.9 7.4l2.7-1.3M11.4 6.1l2.7 1.3M7.2 9.2v.2M12.8 9.2v.2M6.6 14.4q3.4-3.5 6.8 0',
  anger: 'M5.7 6.1l3 1.6M14.3 6.1l-3 1.6M7.4 9.1v.3M12.6 9.1v.3M6.8 13.8q3.2-1.6 6.4 0',
  disgust: 'M6.2 7.2l2.2 1.2-2.2 1M13.8 7.2l-2.2 1.2 2.2 1M6.2 13.6q1.3-1.8 2.5-.4t2.6-.2 2.5-.3',
  fear: 'M5.6 7l2.8-1.6M11.6 5.4l2.8 1.6M7.2 8.8v.3M12.8 8.8v.3M6.4 13.9l1.2-1.6h4.8l1.2 1.6z',
  contempt: 'M5.9 7.1h2.6M11.5 6.3l2.6-.6M7.2 8.9v.2M12.8 8.9v.2M6.8 13.2h3.4q2.4-.1 3.3-2.3',
  uncertain: 'M7.7 7.7a2.3 2.2 0 1 1 3.5 1.9q-1.2.8-1.2 2M10 14.1v.2',
};

/** As on dark ground in `theme.css`: what lies on a picture is dark in both themes. */
export const EMOTION_COLOURS: Record<EmotionLabel | 'uncertain', string> = {
  happiness: '#f4bb48',
  surprise: '#f394d3',
  neutral: '#aeb9c6',
  sadness: '#86b4ff',
  anger: '#ff8573',
  disgust: '#98d568',
  fear: '#bfa4ff',
  contempt: '#dda9b3',
  uncertain: '#9ca2a8',
};
