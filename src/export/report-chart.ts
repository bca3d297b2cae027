/** A face over time as inline SVG: a strip of its emotions, valence (solid) and arousal (dashed) below it. */
import { escapeHtml } from './html.ts';
import { longestGap, readingsOf, type Segment } from './segments.ts';
import type { SessionItem } from './session.ts';

const WIDTH = 720;
const STRIP = 16;
const TOP = 24;
const PLOT = 84;
const HEIGHT = TOP + PLOT + 4;

/** The item's time span in seconds, over all its faces; null for a single moment. */
export function timeSpan(item: Pick<SessionItem, 'readings'>, segments: readonly Segment[]): { start: number; end: number } | null {
  const start = item.readings.reduce((earliest, reading) => Math.min(earliest, reading.time), Number.POSITIVE_INFINITY);
  const end = segments.reduce((latest, segment) => Math.max(latest, segment.end), start);
  return end > start ? { start, end } : null;
}

/** Draws one face's readings within the item's span; `segments` are that face's. */
export function faceChart(
  item: Pick<SessionItem, 'readings'>,
  faceId: number,
  segments: readonly Segment[],
  span: { start: number; end: number },
  label: string,
): string {
  const x = (time: number) => round(((time - span.start) / (span.end - span.start)) * WIDTH);
  const strip = segments.map(
    ({ emotion, start, end }) =>
      `<rect class="e-${emotion}" x="${x(start)}" y="0" width="${round(Math.max(0.5, x(end) - x(start)))}" height="${STRIP}"><title>${emotion}, ${start.toFixed(2)} to ${end.toFixed(2)} s</title></rect>`,
  );
  const zero = TOP + PLOT / 2;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(label)}">`,
    ...strip,
    `<line class="axis" x1="0" x2="${WIDTH}" y1="${zero}" y2="${zero}"/>`,
    ...curve(item, faceId, x, 'valence'),
    ...curve(item, faceId, x, 'arousal'),
    '</svg>',
  ].join('');
}

/** Means by px column, so that an hour is as large as a minute; broken where the face was away. */
function curve(item: Pick<SessionItem, 'readings'>, faceId: number, x: (time: number) => number, value: 'valence' | 'arousal'): string[] {
  const gap = longestGap(item);
  const lines: Map<number, { sum: number; count: number }>[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const reading of readingsOf(item, faceId)) {
    if (reading.time - before > gap) lines.push(new Map());
    before = reading.time;
    const column = Math.round(x(reading.time));
    const kept = lines.at(-1)?.get(column) ?? { sum: 0, count: 0 };
    lines.at(-1)?.set(column, { sum: kept.sum + reading[value], count: kept.count + 1 });
  }
  return lines.map((line) => {
    const points = [...line].map(([column, { sum, count }]) => `${column},${round(TOP + (PLOT / 2) * (1 - sum / count))}`);
    return `<polyline class="${value}" points="${points.join(' ')}"/>`;
  });
}

const round = (value: number): number => Math.round(value * 10) / 10;
