/** The timeline as a picture of its own: with a title, a legend and what made it. Draws on canvases that are on no page. */
import type { Session } from '../export/session.ts';
import type { Item } from './analysis-state.ts';
import { SHOWN_EMOTIONS } from './emotion-glyph.tsx';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import { nameOf } from './people.ts';
import { membersOf, plotFrame } from './timeline-frame.ts';
import type { TimelineLook } from './timeline-look.ts';
import { type Colours, CUT_DASH, coloursOf, DASHES, TimelinePlot } from './timeline-plot.ts';
import { rangeOf, type TimelineTrack } from './timeline-track.ts';

interface Shown {
  item: Item;
  track: TimelineTrack;
  look: TimelineLook;
  /** Of the recording, in seconds. */
  extent: { from: number; to: number };
  /** What made the numbers. */
  made: Pick<Session, 'app' | 'model'>;
}

/** CSS px; the picture has twice as many, so that it can be printed. */
const WIDTH = 1200;
const PLOT_HEIGHT = 320;
const MARGIN = 24;
const SCALE = 2;
const FONT = 'system-ui, sans-serif';
const ROW = 22;
const text = messages.timeline;

/** As it looks on the page: the kind, the stretch and the face that were chosen there, in the page's colours. Rejects without memory for it. */
export async function timelinePicture({ item, track, look, extent, made }: Shown): Promise<Blob> {
  const host = document.createElement('div');
  host.style.cssText = `position:fixed;left:-9999px;top:0;width:${WIDTH - 2 * MARGIN}px;height:${PLOT_HEIGHT}px`;
  document.body.append(host);
  const plot = new TimelinePlot(host, look.kind, { width: WIDTH - 2 * MARGIN, height: PLOT_HEIGHT });
  try {
    const range = rangeOf(look.view, extent);
    const person = look.person ?? track.faceIds[0] ?? null;
    plot.draw(plotFrame(item, track, person === null ? [] : membersOf(item.people, track, person), look.kind, range));
    // It is drawn in a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const colours = coloursOf(host);
    const legend = legendOf(look.kind, item);
    const head = MARGIN + 2 * ROW;
    const rows = layOut(legend, WIDTH - 2 * MARGIN);
    const height = head + PLOT_HEIGHT + 12 + (rows + 1) * ROW + MARGIN;
    const canvas = new OffscreenCanvas(WIDTH * SCALE, height * SCALE);
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no 2D context');
    context.scale(SCALE, SCALE);
    context.fillStyle = colours.surface;
    context.fillRect(0, 0, WIDTH, height);
    const write = (words: string, x: number, y: number, font: string, colour: string) => {
      context.font = font;
      context.fillStyle = colour;
      context.fillText(words, x, y, WIDTH - MARGIN - x);
    };
    write(item.name, MARGIN, MARGIN + 12, `600 17px ${FONT}`, colours.text);
    const kind = look.kind === 'everybody' ? text.everybody : text.kinds[look.kind];
    const whom = look.kind === 'everybody' || person === null ? [] : [nameOf(item.people, person) ?? messages.face(person)];
    const about = [kind, ...whom, text.shownRange(clock(range.from), clock(range.to))].join(' · ');
    write(about, MARGIN, MARGIN + 12 + ROW, `13px ${FONT}`, colours.soft);
    context.drawImage(plot.picture.canvas, MARGIN, head, WIDTH - 2 * MARGIN, PLOT_HEIGHT);
    drawLegend(context, legend, head + PLOT_HEIGHT + 12 + 14, colours);
    write(provenanceLine(made), MARGIN, height - MARGIN + 4, `12px ${FONT}`, colours.soft);
    return await canvas.convertToBlob({ type: 'image/png' });
  } finally {
    plot.destroy();
    host.remove();
  }
}

/** Which app and pack the numbers are from. */
function provenanceLine({ app, model }: Pick<Session, 'app' | 'model'>): string {
  const pack = model && model.packId !== '' ? `${model.packId} ${model.packVersion}, sha256 ${model.packHash}` : text.noPack;
  return `${messages.name} ${app.version} · ${pack}`;
}

interface Entry {
  name: string;
  /** Draws the sample, 18 × 10 px, at its left middle. */
  sample: (context: OffscreenCanvasRenderingContext2D, x: number, y: number, colours: Colours) => void;
}

function legendOf(kind: TimelineLook['kind'], item: Item): Entry[] {
  const lines: Entry[] =
    kind === 'affect'
      ? [
          { name: text.valence, sample: (context, x, y, { accent }) => line(context, x, y, accent, []) },
          { name: text.arousal, sample: (context, x, y, { text: colour }) => line(context, x, y, colour, [6, 3]) },
        ]
      : SHOWN_EMOTIONS.map((label) => ({
          name: messages.emotions[label],
          sample: (context, x, y, colours) => {
            if (kind === 'emotions') return line(context, x, y, colours[label], DASHES[label]);
            context.fillStyle = colours[label];
            context.fillRect(x, y - 5, 18, 10);
          },
        }));
  const shapes: (Entry | null)[] = [
    {
      name: text.legend.peak,
      sample: (context, x, y, { text: colour }) =>
        shape(
          context,
          [
            [x + 4, y - 4],
            [x + 14, y - 4],
            [x + 9, y + 4],
          ],
          colour,
        ),
    },
    item.explanations.length > 0
      ? {
          name: text.legend.explanation,
          sample: (context, x, y, { accent }) =>
            shape(
              context,
              [
                [x + 3, y],
                [x + 9, y - 6],
                [x + 15, y],
                [x + 9, y + 6],
              ],
              accent,
            ),
        }
      : null,
    item.marks.length > 0
      ? {
          name: text.legend.mark,
          sample: (context, x, y, { text: colour }) =>
            shape(
              context,
              [
                [x + 5, y - 5],
                [x + 14, y - 1],
                [x + 6, y + 3],
                [x + 6, y + 6],
                [x + 5, y + 6],
              ],
              colour,
            ),
        }
      : null,
    (item.cuts?.length ?? 0) > 0
      ? { name: text.legend.cut, sample: (context, x, y, { text: colour }) => line(context, x + 9, y, colour, CUT_DASH, true) }
      : null,
  ];
  return [...lines, ...shapes.filter((each) => each !== null)];
}

function line(context: OffscreenCanvasRenderingContext2D, x: number, y: number, colour: string, dash: number[], upright = false): void {
  context.strokeStyle = colour;
  context.lineWidth = upright ? 1 : 2;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x, upright ? y - 7 : y);
  context.lineTo(upright ? x : x + 18, upright ? y + 7 : y);
  context.stroke();
  context.setLineDash([]);
}

function shape(context: OffscreenCanvasRenderingContext2D, points: [number, number][], colour: string): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.closePath();
  context.fillStyle = colour;
  context.fill();
}

/** About so wide is an entry: its sample, and 7 px a letter. */
const widthOf = ({ name }: Entry): number => 18 + 6 + 7 * name.length + 18;

/** In how many rows the entries lie. */
function layOut(entries: Entry[], width: number): number {
  let rows = 1;
  let x = 0;
  for (const entry of entries) {
    if (x > 0 && x + widthOf(entry) > width) {
      rows += 1;
      x = 0;
    }
    x += widthOf(entry);
  }
  return rows;
}

function drawLegend(context: OffscreenCanvasRenderingContext2D, entries: Entry[], top: number, colours: Colours): void {
  context.font = `13px ${FONT}`;
  let x = MARGIN;
  let y = top;
  for (const entry of entries) {
    const wide = widthOf(entry);
    if (x > MARGIN && x + wide > WIDTH - MARGIN) {
      x = MARGIN;
      y += ROW;
    }
    entry.sample(context, x, y - 4, colours);
    context.fillStyle = colours.text;
    context.fillText(entry.name, x + 24, y);
    x += wide;
  }
}
