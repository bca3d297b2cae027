import { placeKey, placesOf } from './evidence-places.ts';
import { useFrameSize } from './hooks.ts';
import { useAppState } from './session-context.ts';

/** Outlines what a chip or a step points at, and dims the rest. */
export function HighlightLayer({ mirrored }: { mirrored: boolean }) {
  const size = useFrameSize();
  const highlight = useAppState((state) => state.highlight);
  const items = useAppState((state) => state.items);
  const run = highlight && items.flatMap((item) => item.explanations).find((each) => each.runId === highlight.runId);
  if (!size || !highlight?.evidence || !run) return null;
  const places = placesOf(run, highlight.evidence);
  const radius = Math.max(4, size.width / 120);
  return (
    <svg
      className="highlight"
      viewBox={`0 0 ${size.width} ${size.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      data-mirrored={mirrored}
    >
      <mask id="highlight-mask">
        <rect width={size.width} height={size.height} fill="white" />
        {places.map((place) => (
          <rect key={placeKey(place)} {...place} rx={radius} fill="black" />
        ))}
      </mask>
      {places.length > 0 && <rect className="highlight-veil" width={size.width} height={size.height} mask="url(#highlight-mask)" />}
      {places.map((place) => (
        <rect key={placeKey(place)} className="highlight-place" {...place} rx={radius} vectorEffect="non-scaling-stroke" />
      ))}
    </svg>
  );
}
