import { GLYPH_RADIUS, GLYPH_SIDE, GLYPH_STROKES, UNCERTAIN_DASH } from '../overlay/emotion-glyphs.ts';
import type { EmotionLabel } from '../shared/labels.ts';

export { SHOWN_EMOTIONS } from '../overlay/emotion-glyphs.ts';

/** Mounted once; glyphs refer to it, also those drawn outside React. */
export function GlyphSprite() {
  return (
    <svg className="glyph-sprite" aria-hidden="true" focusable="false">
      <title>Emotions</title>
      {Object.entries(GLYPH_STROKES).map(([name, path]) => (
        <symbol key={name} id={`glyph-${name}`} viewBox={`0 0 ${GLYPH_SIDE} ${GLYPH_SIDE}`}>
          <circle
            cx={GLYPH_SIDE / 2}
            cy={GLYPH_SIDE / 2}
            r={GLYPH_RADIUS}
            strokeDasharray={name === 'uncertain' ? UNCERTAIN_DASH.join(' ') : undefined}
          />
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
