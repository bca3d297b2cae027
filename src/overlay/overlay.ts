/**
 * What was read, drawn on a frame: for pictures and videos that leave the page. Looks as on the stage. Knows neither where the numbers
 * come from nor what hides faces.
 */
import type { EmotionLabel } from '../shared/labels.ts';
import type { OverlayParts, OverlayReading, OverlayWords } from '../shared/overlay.ts';
import type { FaceBox } from '../shared/readings.ts';
import { EMOTION_COLOURS, GLYPH_RADIUS, GLYPH_SIDE, GLYPH_STROKES, SHOWN_EMOTIONS, UNCERTAIN_DASH } from './emotion-glyphs.ts';
import type { Size, Surface } from './surface.ts';

export interface OverlayFrame {
  /** Boxes in px of the surface. */
  faces: OverlayReading[];
  /** By face. */
  names: Readonly<Record<number, string>>;
  /** Whose bars and plane are drawn; null: the largest face's. */
  chosen: number | null;
  /** Valence and arousal of the last seconds of the face, oldest first. */
  trail: (faceId: number) => readonly OverlayReading[];
  caption: string | null;
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
const GROUND = 'rgb(12 14 16 / 0.8)';
const CHIP = 'rgb(255 255 255 / 0.18)';
const TEXT = '#ffffff';
const SOFT = 'rgb(255 255 255 / 0.72)';
/** Beyond so many faces words would lie on other faces: only the chosen one has one. */
const MANY_FACES = 6;
const CAPTION_LINES = 3;

/** px of the text: larger on larger frames. */
export function textSize({ width, height }: Size): number {
  return Math.max(11, Math.min(width, height) / 36);
}

/** Draws the parts that are asked for. Leaves the surface's settings as they were. */
export function drawOverlay(surface: Surface, size: Size, frame: OverlayFrame, parts: OverlayParts, words: OverlayWords): void {
  const unit = textSize(size);
  const chosen = frame.faces.find(({ faceId }) => faceId === frame.chosen) ?? (frame.chosen === null ? largest(frame.faces) : undefined);
  surface.save();
  surface.textBaseline = 'middle';
  surface.lineCap = 'round';
  surface.lineJoin = 'round';
  if (parts.boxes) for (const face of frame.faces) drawBox(surface, face.box, unit, face === chosen);
  if (parts.emotions || parts.names) {
    for (const face of frame.faces) {
      const name = (parts.names && frame.names[face.faceId]) || String(face.faceId);
      const isWordy = frame.faces.length <= MANY_FACES || face === chosen;
      drawTag(surface, size, face, unit, name, parts.emotions ? (isWordy ? words.emotions[face.emotion] : '') : null);
    }
  }
  if (chosen) drawNumbers(surface, frame, chosen, parts, words, unit);
  if (parts.captions && frame.caption) drawCaption(surface, size, frame.caption, unit);
  surface.restore();
}

/** @param points x, y, x, y … in px of the surface */
export function drawLandmarks(surface: Surface, size: Size, points: ArrayLike<number>): void {
  const side = Math.max(1, size.width / 640);
  surface.save();
  surface.fillStyle = 'rgb(255 255 255 / 0.75)';
  for (let i = 0; i + 1 < points.length; i += 2) surface.fillRect(points[i] ?? 0, points[i + 1] ?? 0, side, side);
  surface.restore();
}

function largest(faces: OverlayReading[]): OverlayReading | undefined {
  const area = ({ box }: OverlayReading) => box.width * box.height;
  return faces.reduce<OverlayReading | undefined>((top, face) => (top && area(top) >= area(face) ? top : face), undefined);
}

function drawBox(surface: Surface, { x, y, width, height }: FaceBox, unit: number, strong: boolean): void {
  const line = Math.max(1.5, unit * (strong ? 0.16 : 0.1));
  const outline = () => {
    surface.beginPath();
    surface.roundRect(x, y, width, height, unit * 0.55);
    surface.stroke();
  };
  surface.strokeStyle = `rgb(0 0 0 / ${strong ? 0.4 : 0.28})`;
  surface.lineWidth = line * 1.9;
  outline();
  surface.strokeStyle = strong ? TEXT : 'rgb(255 255 255 / 0.72)';
  surface.lineWidth = line;
  outline();
}

/** @param word null: neither glyph nor word; empty: the glyph alone */
function drawTag(surface: Surface, size: Size, face: OverlayReading, unit: number, name: string, word: string | null): void {
  const height = unit * 1.6;
  const gap = unit * 0.35;
  const glyph = unit * 1.15;
  surface.font = `600 ${unit * 0.9}px ${FONT}`;
  const chip = Math.max(unit * 1.3, surface.measureText(name).width + unit * 0.7);
  surface.font = `${unit}px ${FONT}`;
  const text = word ? surface.measureText(word).width + gap : 0;
  const width = gap + chip + (word === null ? 0 : gap + glyph + text) + gap;
  const { box } = face;
  const below = box.y + box.height + gap + height <= size.height;
  const x = clamp(box.x + box.width / 2 - width / 2, 0, size.width - width);
  const y = Math.max(0, below ? box.y + box.height + gap : box.y - gap - height);
  panel(surface, { x, y, width, height }, unit * 0.6, GROUND);
  panel(surface, { x: x + gap, y: y + height * 0.14, width: chip, height: height * 0.72 }, unit * 0.4, CHIP);
  surface.font = `600 ${unit * 0.9}px ${FONT}`;
  surface.textAlign = 'center';
  surface.fillStyle = TEXT;
  surface.fillText(name, x + gap + chip / 2, y + height / 2);
  if (word === null) return;
  const left = x + gap + chip + gap;
  drawGlyph(surface, face.emotion, left, y + (height - glyph) / 2, glyph);
  surface.font = `${unit}px ${FONT}`;
  surface.textAlign = 'left';
  surface.fillStyle = TEXT;
  if (word !== '') surface.fillText(word, left + glyph + gap, y + height / 2);
}

function drawGlyph(surface: Surface, emotion: EmotionLabel | 'uncertain', x: number, y: number, side: number): void {
  surface.save();
  surface.translate(x, y);
  surface.scale(side / GLYPH_SIDE, side / GLYPH_SIDE);
  surface.strokeStyle = EMOTION_COLOURS[emotion];
  surface.lineWidth = 1.5;
  surface.setLineDash(emotion === 'uncertain' ? [...UNCERTAIN_DASH] : []);
  surface.beginPath();
  surface.arc(GLYPH_SIDE / 2, GLYPH_SIDE / 2, GLYPH_RADIUS, 0, 2 * Math.PI);
  surface.stroke();
  surface.setLineDash([]);
  surface.stroke(new Path2D(GLYPH_STROKES[emotion]));
  surface.restore();
}

/** The chosen face's numbers, top left: they stand still while faces move. */
function drawNumbers(
  surface: Surface,
  frame: OverlayFrame,
  face: OverlayReading,
  parts: OverlayParts,
  words: OverlayWords,
  unit: number,
): void {
  if (!parts.bars && !parts.plane) return;
  const margin = unit * 0.8;
  const row = unit * 1.3;
  surface.font = `${unit * 0.9}px ${FONT}`;
  const label = Math.max(...SHOWN_EMOTIONS.map((emotion) => surface.measureText(words.emotions[emotion]).width));
  const number = surface.measureText('100%').width;
  const bar = unit * 5;
  const glyph = unit * 1.1;
  const gap = unit * 0.5;
  const plane = parts.plane ? unit * 6 : 0;
  const width = gap + glyph + gap + label + gap + bar + gap + number + gap;
  const bars = parts.bars ? SHOWN_EMOTIONS.length * row + gap : 0;
  const numbers = parts.plane ? plane + gap : 0;
  panel(surface, { x: margin, y: margin, width, height: gap + bars + numbers }, unit * 0.6, GROUND);
  if (parts.bars) {
    SHOWN_EMOTIONS.forEach((emotion, index) => {
      const middle = margin + gap + (index + 0.5) * row;
      const left = margin + gap;
      const start = left + glyph + gap + label + gap;
      const probability = face.probabilities[emotion];
      drawGlyph(surface, emotion, left, middle - glyph / 2, glyph);
      surface.font = `${unit * 0.9}px ${FONT}`;
      surface.fillStyle = TEXT;
      surface.textAlign = 'left';
      surface.fillText(words.emotions[emotion], left + glyph + gap, middle);
      panel(surface, { x: start, y: middle - unit * 0.25, width: bar, height: unit * 0.5 }, unit * 0.25, CHIP);
      if (probability > 0) {
        const filled = { x: start, y: middle - unit * 0.25, width: bar * Math.min(1, probability), height: unit * 0.5 };
        if (face.emotion === 'uncertain') hatch(surface, filled, EMOTION_COLOURS[emotion], unit);
        else panel(surface, filled, unit * 0.25, EMOTION_COLOURS[emotion]);
      }
      surface.fillStyle = SOFT;
      surface.textAlign = 'right';
      surface.fillText(`${Math.round(probability * 100)}%`, margin + width - gap, middle);
    });
  }
  if (parts.plane) drawPlane(surface, { x: margin + gap, y: margin + gap + bars, width: plane, height: plane }, frame, face, words, unit);
}

/** Never a small confident bar: stripes. */
function hatch(surface: Surface, { x, y, width, height }: FaceBox, colour: string, unit: number): void {
  surface.save();
  surface.beginPath();
  surface.rect(x, y, width, height);
  surface.clip();
  surface.strokeStyle = colour;
  surface.lineWidth = unit * 0.16;
  surface.beginPath();
  for (let at = x - height; at < x + width; at += unit * 0.36) {
    surface.moveTo(at, y + height);
    surface.lineTo(at + height, y);
  }
  surface.stroke();
  surface.restore();
}

function drawPlane(surface: Surface, box: FaceBox, frame: OverlayFrame, face: OverlayReading, words: OverlayWords, unit: number): void {
  const place = ({ valence, arousal }: OverlayReading) => ({
    x: box.x + (box.width * (valence + 1)) / 2,
    y: box.y + (box.height * (1 - arousal)) / 2,
  });
  panel(surface, box, unit * 0.4, 'rgb(255 255 255 / 0.1)');
  surface.strokeStyle = CHIP;
  surface.lineWidth = Math.max(1, unit * 0.06);
  surface.beginPath();
  surface.moveTo(box.x, box.y + box.height / 2);
  surface.lineTo(box.x + box.width, box.y + box.height / 2);
  surface.moveTo(box.x + box.width / 2, box.y);
  surface.lineTo(box.x + box.width / 2, box.y + box.height);
  surface.stroke();
  const trail = frame.trail(face.faceId);
  surface.fillStyle = EMOTION_COLOURS[face.emotion];
  trail.forEach((reading, index) => {
    const { x, y } = place(reading);
    surface.globalAlpha = (0.5 * (index + 1)) / trail.length;
    dot(surface, x, y, unit * 0.16);
  });
  surface.globalAlpha = 1;
  const { x, y } = place(face);
  dot(surface, x, y, unit * 0.34);
  surface.font = `${unit * 0.9}px ${FONT}`;
  surface.textAlign = 'left';
  const left = box.x + box.width + unit * 0.7;
  const lines = [`${words.valence} ${signed(face.valence)}`, `${words.arousal} ${signed(face.arousal)}`];
  surface.fillStyle = TEXT;
  lines.forEach((line, index) => {
    surface.fillText(line, left, box.y + box.height / 2 + (index - 0.5) * unit * 1.4);
  });
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

function dot(surface: Surface, x: number, y: number, radius: number): void {
  surface.beginPath();
  surface.arc(x, y, radius, 0, 2 * Math.PI);
  surface.fill();
}

function drawCaption(surface: Surface, size: Size, caption: string, unit: number): void {
  surface.font = `${unit * 1.1}px ${FONT}`;
  const lines = wrapped(surface, caption, size.width * 0.86);
  const line = unit * 1.55;
  const width = Math.max(...lines.map((each) => surface.measureText(each).width)) + unit * 1.6;
  const height = lines.length * line + unit * 0.8;
  const y = size.height - height - unit;
  panel(surface, { x: (size.width - width) / 2, y, width, height }, unit * 0.6, GROUND);
  surface.fillStyle = TEXT;
  surface.textAlign = 'center';
  lines.forEach((each, index) => {
    surface.fillText(each, size.width / 2, y + unit * 0.4 + (index + 0.5) * line);
  });
}

/** At most three lines; what is more ends in an ellipsis. */
function wrapped(surface: Surface, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || surface.measureText(longer).width <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  if (lines.length <= CAPTION_LINES) return lines;
  return [...lines.slice(0, CAPTION_LINES - 1), `${lines[CAPTION_LINES - 1]} …`];
}

function panel(surface: Surface, { x, y, width, height }: FaceBox, radius: number, colour: string): void {
  surface.beginPath();
  surface.roundRect(x, y, width, height, Math.min(radius, width / 2, height / 2));
  surface.fillStyle = colour;
  surface.fill();
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
