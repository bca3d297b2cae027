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

/** Strokes on a 20×20 face, told apart by brows and mouth alone. */
const FEATURES: Record<EmotionLabel | 'uncertain', string> = {
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

/** Mounted once; glyphs refer to it, also those drawn outside React. */
export function GlyphSprite() {
  return (
    <svg className="glyph-sprite" aria-hidden="true" focusable="false">
      <title>Emotions</title>
      {Object.entries(FEATURES).map(([name, path]) => (
        <symbol key={name} id={`glyph-${name}`} viewBox="0 0 20 20">
          <circle cx="10" cy="10" r="8.6" strokeDasharray={name === 'uncertain' ? '2.4 2.2' : undefined} />
          <path d={path} />
        </symbol>
      ))}
    </svg>
  );
}

/** Always beside its word: it carries no name of its own. */
export function EmotionGlyph({ emotion, size = 18 }: { emotion: EmotionLabel | 'uncertain'; size?: number }) {
  return (
    <svg className="glyph" data-emotion={emotion} width={size} height={size} aria-hidden="true" focusable="false">
      <use href={`#glyph-${emotion}`} />
    </svg>
  );
}

/** The page's sign: half a smile in a frame. */
export function GlyphLogo() {
  return (
    <svg className="logo" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <path d="M3 8V5a2 2 0 0 1 2-2h3M16 3h3a2 2 0 0 1 2 2v3M21 16v3a2 2 0 0 1-2 2h-3M8 21H5a2 2 0 0 1-2-2v-3" />
      <path d="M9 9.2v.6M15 9.2v.6M7.8 13.6q4.2 4.4 8.4 0" />
    </svg>
  );
}
