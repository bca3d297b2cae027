/** How a recording's timeline is looked at, kept while it is not on the page. */
import type { PlotKind } from './timeline-plot.ts';
import type { View } from './timeline-track.ts';

export interface TimelineLook {
  kind: PlotKind;
  view: View;
  /** The person whose lines are drawn; null: none yet. */
  person: number | null;
}
