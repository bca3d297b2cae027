/** Draws a timeline; the one file that knows uPlot. Knows numbers, colours and px, neither state nor session. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { EmotionLabel } from '../shared/labels.ts';
import { SHOWN_EMOTIONS } from './emotion-glyph.tsx';
import { clock } from './format.ts';

/** The lines of one face, or which emotion each face shows most. */
export type PlotKind = 'emotions' | 'affect' | 'everybody';

interface Span {
  from: number;
  to: number;
}

export interface PlotFrame {
  /** What is seen of the time, in seconds. */
  range: Span;
  times: number[];
  /** As many as the kind has lines, each as long as `times`; null where nothing was read. */
  lines: (number | null)[][];
  /** One for each face, from above. */
  lanes: { name: string; spans: (Span & { emotion: EmotionLabel })[] }[];
  peaks: { time: number; emotion: EmotionLabel | null }[];
  explanations: number[];
  marks: { from: number; to: number | null; excluded: boolean }[];
  /** Where the film was cut. */
  cuts: number[];
}

export type Colours = Record<EmotionLabel | 'text' | 'soft' | 'line' | 'accent' | 'excluded' | 'surface', string>;

/** How a cut is drawn, in CSS px: fine, dashed, from top to foot. */
export const CUT_DASH = [2, 3];

/** Lines that cross are told apart without colour, too: by how they are dashed, in CSS px. */
export const DASHES: Record<EmotionLabel, number[]> = {
  happiness: [],
  surprise: [7, 3],
  neutral: [],
  sadness: [3, 3],
  anger: [9, 3, 2, 3],
  disgust: [1, 3],
  fear: [5, 2, 1, 2],
  contempt: [11, 4],
};

const NAME_LENGTH = 9;
const FONT = '12px system-ui, sans-serif';
const SECONDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000];

export class TimelinePlot {
  readonly #plot: uPlot;
  readonly #colours: Colours;
  #frame: PlotFrame = { range: { from: 0, to: 1 }, times: [], lines: [], lanes: [], peaks: [], explanations: [], marks: [], cuts: [] };

  constructor(host: HTMLElement, kind: PlotKind, size: { width: number; height: number }) {
    const colours = coloursOf(host);
    this.#colours = colours;
    this.#plot = new uPlot(
      {
        ...size,
        class: 'timeline-canvas',
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: (_plot, min, max) => [min ?? 0, max ?? 1] },
          y: { range: () => this.#rangeY(kind) },
        },
        series: [{}, ...linesOf(kind, colours)],
        axes: [
          {
            size: 24,
            space: 76,
            incrs: SECONDS,
            font: FONT,
            stroke: colours.soft,
            grid: { stroke: colours.line, width: 1 },
            ticks: { show: false },
            values: (_plot, splits) => axisTimes(splits),
          },
          {
            size: kind === 'everybody' ? 70 : 42,
            font: FONT,
            stroke: colours.soft,
            grid: { show: kind !== 'everybody', stroke: colours.line, width: 1 },
            ticks: { show: false },
            splits: () => this.#splitsY(kind),
            values: (_plot, splits) => splits.map((value) => this.#valueY(kind, value)),
          },
        ],
        hooks: { drawClear: [(plot) => this.#drawBands(plot)], draw: [(plot) => this.#drawMarks(plot)] },
      },
      [[], ...linesOf(kind, colours).map(() => [])],
      host,
    );
  }

  draw(frame: PlotFrame): void {
    this.#frame = frame;
    this.#plot.setData([frame.times, ...frame.lines], false);
    this.#plot.setScale('x', { min: frame.range.from, max: frame.range.to });
  }

  resize(size: { width: number; height: number }): void {
    if (size.width > 0 && size.height > 0) this.#plot.setSize(size);
  }

  /** The time at a place of the screen, within what is shown. */
  timeAt(clientX: number): number {
    const { left, width } = this.#plot.over.getBoundingClientRect();
    const { from, to } = this.#frame.range;
    return width === 0 ? from : from + Math.min(1, Math.max(0, (clientX - left) / width)) * (to - from);
  }

  /** px from the host's left edge; null where the time is not shown. */
  placeOf(time: number): number | null {
    const { from, to } = this.#frame.range;
    if (time < from || time > to) return null;
    const { over } = this.#plot;
    return over.offsetLeft + ((time - from) / (to - from)) * over.clientWidth;
  }

  /** Seconds that so many px stand for. */
  secondsOf(px: number): number {
    const { from, to } = this.#frame.range;
    return (px * (to - from)) / Math.max(1, this.#plot.over.clientWidth);
  }

  /** The canvas and how many of its px stand for one of the page's; what was drawn last is on it after the next task. */
  get picture(): { canvas: HTMLCanvasElement; ratio: number } {
    return { canvas: this.#plot.ctx.canvas, ratio: uPlot.pxRatio };
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #rangeY(kind: PlotKind): [number, number] {
    if (kind === 'affect') return [-1, 1];
    return kind === 'emotions' ? [0, 1] : [-Math.max(1, this.#frame.lanes.length), 0];
  }

  #splitsY(kind: PlotKind): number[] {
    if (kind === 'affect') return [-1, 0, 1];
    return kind === 'emotions' ? [0, 0.5, 1] : this.#frame.lanes.map((_, lane) => -lane - 0.5).reverse();
  }

  #valueY(kind: PlotKind, value: number): string {
    if (kind === 'affect') return value > 0 ? `+${value}` : value < 0 ? `−${-value}` : '0';
    if (kind === 'emotions') return `${value * 100}%`;
    const name = this.#frame.lanes[Math.round(-value - 0.5)]?.name ?? '';
    return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH - 1)}…` : name;
  }

  /** Under the lines: what is excluded, and which emotion each face shows. */
  #drawBands(plot: uPlot): void {
    const { ctx, bbox } = plot;
    clipped(plot, () => {
      const lanes = this.#frame.lanes;
      const height = bbox.height / Math.max(1, lanes.length);
      lanes.forEach(({ spans }, lane) => {
        for (const { from, to, emotion } of spans) {
          ctx.fillStyle = this.#colours[emotion];
          const left = plot.valToPos(from, 'x', true);
          const top = bbox.top + lane * height + height * 0.15;
          ctx.fillRect(left, top, Math.max(uPlot.pxRatio, plot.valToPos(to, 'x', true) - left), height * 0.7);
        }
      });
      ctx.fillStyle = this.#colours.excluded;
      for (const { from, to, excluded } of this.#frame.marks) {
        if (to === null) continue;
        const left = plot.valToPos(from, 'x', true);
        ctx.globalAlpha = excluded ? 0.28 : 0.12;
        ctx.fillRect(left, bbox.top, Math.max(uPlot.pxRatio, plot.valToPos(to, 'x', true) - left), bbox.height);
      }
      ctx.globalAlpha = 1;
    });
  }

  /** Over the lines: cuts as fine lines, marks as flags, explanations as diamonds at the foot, peaks as triangles at the top. */
  #drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const unit = uPlot.pxRatio;
    const { text, accent } = this.#colours;
    const shape = (points: [number, number][], colour: string) => {
      ctx.beginPath();
      for (const [x, y] of points) ctx.lineTo(x, y);
      ctx.closePath();
      ctx.fillStyle = colour;
      ctx.fill();
    };
    clipped(plot, () => {
      const { top } = bbox;
      const foot = top + bbox.height;
      ctx.strokeStyle = this.#colours.text;
      ctx.lineWidth = unit;
      ctx.setLineDash(CUT_DASH.map((length) => length * unit));
      for (const time of this.#frame.cuts) {
        const x = plot.valToPos(time, 'x', true);
        ctx.beginPath();
        ctx.moveTo(x, top);
        ctx.lineTo(x, foot);
        ctx.stroke();
      }
      ctx.setLineDash([]);
      for (const { from } of this.#frame.marks) {
        const x = plot.valToPos(from, 'x', true);
        ctx.fillStyle = text;
        ctx.fillRect(x - unit / 2, top, unit, bbox.height);
        shape(
          [
            [x, top],
            [x + 9 * unit, top + 4 * unit],
            [x, top + 8 * unit],
          ],
          text,
        );
      }
      for (const { time, emotion } of this.#frame.peaks) {
        const x = plot.valToPos(time, 'x', true);
        shape(
          [
            [x - 5 * unit, top],
            [x + 5 * unit, top],
            [x, top + 8 * unit],
          ],
          emotion ? this.#colours[emotion] : text,
        );
      }
      for (const time of this.#frame.explanations) {
        const x = plot.valToPos(time, 'x', true);
        const y = foot - 6 * unit;
        shape(
          [
            [x - 6 * unit, y],
            [x, y - 6 * unit],
            [x + 6 * unit, y],
            [x, y + 6 * unit],
          ],
          accent,
        );
      }
    });
  }
}

/** Tenths only where there are some. */
function axisTimes(times: number[]): string[] {
  const whole = times.every((time) => Math.abs(time - Math.round(time)) < 1e-6);
  return times.map((time) => (whole ? clock(time).slice(0, -2) : clock(time)));
}

function clipped(plot: uPlot, draw: () => void): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}

function linesOf(kind: PlotKind, colours: Colours): uPlot.Series[] {
  const line = (stroke: string, dash: number[], width = 1.5): uPlot.Series => ({ stroke, dash, width, points: { show: false } });
  if (kind === 'emotions') return SHOWN_EMOTIONS.map((label) => line(colours[label], DASHES[label], label === 'neutral' ? 1 : 2));
  return kind === 'affect' ? [line(colours.accent, [], 2), line(colours.text, [6, 3])] : [];
}

/** The page's colours as the canvas understands them, in the theme that holds now. */
export function coloursOf(host: HTMLElement): Colours {
  const probe = document.createElement('span');
  host.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const emotions = Object.fromEntries(SHOWN_EMOTIONS.map((label) => [label, colour(`e-${label}`)])) as Record<EmotionLabel, string>;
  const colours: Colours = {
    ...emotions,
    text: colour('text'),
    soft: colour('soft'),
    line: colour('line'),
    accent: colour('accent'),
    excluded: colour('soft'),
    surface: colour('surface'),
  };
  probe.remove();
  return colours;
}
