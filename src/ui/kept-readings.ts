/**
 * The readings of a camera session or a video, hours of them: in columns, since as objects each takes some kilobytes. Values keep seven
 * digits, times all, points a sixteenth of a px. Pure; knows neither the page nor its storage.
 */
import { points68 } from '../export/landmarks-68.ts';
import type { SessionReading } from '../export/session.ts';
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';

/** What readers need of readings, and what an array of them has, too. Each asking gives objects of its own. */
export interface ReadingRows extends Iterable<SessionReading> {
  readonly length: number;
  at(index: number): SessionReading | undefined;
  slice(from?: number, to?: number): SessionReading[];
  push(...rows: SessionReading[]): number;
}

const NO_LANDMARKS = new Float32Array(0);

/** As a live reading or a job's is kept: 468 landmarks a face and frame would fill the memory in minutes, the 68 that the exports write stand for them. */
export function keptReading(reading: Reading): SessionReading {
  return { ...reading, landmarks: NO_LANDMARKS, points: points68(reading.landmarks) };
}

/** The highest face id of all; 0 where there is none. */
export function highestFace(rows: ReadingRows): number {
  let most = 0;
  for (const { faceId } of rows) most = Math.max(most, faceId);
  return most;
}

/** What rows have in common that is no number. */
interface Kind {
  emotion: SessionReading['emotion'];
  traits: readonly string[];
  codes: readonly string[];
  isSmoothed: boolean;
  /** Coordinates; null where the row says nothing of points. */
  points: number | null;
}

const LABELS = EMOTION_LABELS.length;
/** Box, roll, score, then eight probabilities, valence and arousal; those as the frame alone gave them, where there are such; the points' scale. */
const BOX = 0;
const ROLL = 4;
const SCORE = 5;
const AFFECT = 6;
const AFFECT_WIDTH = LABELS + 2;
const RAW = AFFECT + AFFECT_WIDTH;
const STEP = RAW + AFFECT_WIDTH;
/** Where action units begin. */
const UNITS = STEP + 1;

/** Short videos have few rows, and most of a block would lie empty. */
const FIRST_BLOCK = 32;
const LARGEST_BLOCK = 512;
/** px that a point's place is kept to, unless the face is thousands of px wide. */
const FINEST = 1 / 16;
const FARTHEST = 32_767;
/** Stands for a place that is not known. */
const NOWHERE = -32_768;
/** From one frame to the next a face's points move little within its box: a byte holds by how many steps. */
const MOST_MOVED = 127;
/** So many rows of a face are kept by what has moved; then all its places once more, so that none is far to be found. */
const MOST_BEHIND = 15;

/** The row of a face that its next one is kept by. */
interface Before {
  at: number;
  behind: number;
  step: number;
  places: Int16Array;
}

/** So many rows side by side. A row of fewer values than the block was made for leaves the rest unused. */
class Block {
  readonly first: number;
  readonly room: number;
  readonly width: number;
  readonly points: number;
  readonly #times: Float64Array;
  readonly #faces: Float64Array;
  readonly #kinds: Uint32Array;
  readonly #values: Float32Array;
  /** Of points, from those of another row; nothing where the row has places of its own. */
  readonly #moved: Int8Array;
  /** That other row, or −1. */
  readonly #behind: Int16Array;
  readonly #places = new Map<number, Int16Array>();
  /** By face. */
  readonly #last = new Map<number, Before>();
  count = 0;

  constructor(first: number, room: number, width: number, points: number) {
    this.first = first;
    this.room = room;
    this.width = width;
    this.points = points;
    this.#times = new Float64Array(room);
    this.#faces = new Float64Array(room);
    this.#kinds = new Uint32Array(room);
    this.#values = new Float32Array(room * width);
    this.#moved = new Int8Array(room * points);
    this.#behind = new Int16Array(room).fill(-1);
  }

  fits(width: number, points: number): boolean {
    return this.count < this.room && width <= this.width && points <= this.points;
  }

  add(row: SessionReading, kind: number): void {
    const at = this.count;
    this.count += 1;
    this.#times[at] = row.time;
    this.#faces[at] = row.faceId;
    this.#kinds[at] = kind;
    const values = this.#values.subarray(at * this.width, (at + 1) * this.width);
    const { box, roll, score, actionUnits, raw, points } = row;
    values.set([box.x, box.y, box.width, box.height, roll, score], BOX);
    writeAffect(values, AFFECT, row);
    if (raw) writeAffect(values, RAW, raw);
    for (const [index, { probability }] of actionUnits.entries()) values[UNITS + index] = probability;
    if (points) values[STEP] = this.#addPoints(at, row.faceId, points, box);
    if (this.count === this.room) this.#last.clear();
  }

  /** Gives the step between neighbouring places, px. */
  #addPoints(at: number, faceId: number, points: Float32Array, { x, y }: SessionReading['box']): number {
    const origin = (index: number): number => Math.fround(index < points.length / 2 ? x : y);
    let farthest = 0;
    for (const [index, value] of points.entries()) {
      const away = Math.abs(value - origin(index));
      if (away > farthest) farthest = away;
    }
    const step = Math.fround(Math.max(FINEST, (farthest * 1.0001) / FARTHEST));
    const places = Int16Array.from(points, (value, index) => {
      const place = Math.round((value - origin(index)) / step);
      return Number.isFinite(place) ? place : NOWHERE;
    });
    const before = this.#last.get(faceId);
    const isNear =
      before?.step === step &&
      before.behind < MOST_BEHIND &&
      before.places.length === places.length &&
      places.every((place, index) => Math.abs(place - (before.places[index] ?? 0)) <= MOST_MOVED);
    if (isNear) {
      this.#behind[at] = before.at;
      const from = at * this.points;
      for (const [index, place] of places.entries()) this.#moved[from + index] = place - (before.places[index] ?? 0);
    } else this.#places.set(at, places);
    this.#last.set(faceId, { at, behind: isNear ? before.behind + 1 : 0, step, places });
    return step;
  }

  read(index: number, kinds: readonly Kind[]): SessionReading | undefined {
    const kind = kinds[this.#kinds[index] ?? -1];
    if (!kind) return undefined;
    const values = this.#values.subarray(index * this.width, (index + 1) * this.width);
    const value = (offset: number): number => values[offset] ?? Number.NaN;
    const box = { x: value(BOX), y: value(BOX + 1), width: value(BOX + 2), height: value(BOX + 3) };
    return {
      faceId: this.#faces[index] ?? 0,
      time: this.#times[index] ?? Number.NaN,
      box,
      roll: value(ROLL),
      score: value(SCORE),
      ...readAffect(values, AFFECT),
      emotion: kind.emotion,
      ...(kind.isSmoothed && { raw: readAffect(values, RAW) }),
      actionUnits: kind.codes.map((code, unit) => ({ code, probability: value(UNITS + unit) })),
      traits: [...kind.traits],
      landmarks: NO_LANDMARKS,
      ...(kind.points !== null && { points: this.#readPoints(index, kind.points, box, value(STEP)) }),
    };
  }

  #readPoints(index: number, count: number, { x, y }: SessionReading['box'], step: number): Float32Array {
    const sums = new Int32Array(count);
    let row = index;
    for (let behind = this.#behind[row] ?? -1; behind >= 0; behind = this.#behind[row] ?? -1) {
      const from = row * this.points;
      for (let i = 0; i < count; i += 1) sums[i] = (sums[i] ?? 0) + (this.#moved[from + i] ?? 0);
      row = behind;
    }
    const places = this.#places.get(row);
    const points = new Float32Array(count);
    for (let i = 0; i < count; i += 1) {
      const place = (sums[i] ?? 0) + (places?.[i] ?? NOWHERE);
      points[i] = place === NOWHERE ? Number.NaN : (i < count / 2 ? x : y) + place * step;
    }
    return points;
  }
}

function writeAffect(values: Float32Array, at: number, { probabilities, valence, arousal }: NonNullable<SessionReading['raw']>): void {
  for (const [index, label] of EMOTION_LABELS.entries()) values[at + index] = probabilities[label];
  values[at + LABELS] = valence;
  values[at + LABELS + 1] = arousal;
}

function readAffect(values: Float32Array, at: number): NonNullable<SessionReading['raw']> {
  const probabilities = Object.fromEntries(EMOTION_LABELS.map((label, index) => [label, values[at + index] ?? Number.NaN])) as Record<
    EmotionLabel,
    number
  >;
  return { probabilities, valence: values[at + LABELS] ?? Number.NaN, arousal: values[at + LABELS + 1] ?? Number.NaN };
}

export class KeptReadings implements ReadingRows {
  readonly #blocks: Block[] = [];
  readonly #kinds: Kind[] = [];
  readonly #numbers = new Map<string, number>();
  /** Rows that are like no other, whole: with all their landmarks, as foreign files may have them. */
  readonly #others = new Map<number, SessionReading>();
  #length = 0;

  constructor(rows: Iterable<SessionReading> = []) {
    for (const row of rows) this.push(row);
  }

  get length(): number {
    return this.#length;
  }

  push(...rows: SessionReading[]): number {
    for (const row of rows) this.#add(row);
    return this.#length;
  }

  at(index: number): SessionReading | undefined {
    const wanted = index < 0 ? this.#length + index : index;
    const block = this.#blockOf(wanted);
    return block && (this.#others.get(wanted) ?? block.read(wanted - block.first, this.#kinds));
  }

  slice(from = 0, to: number = this.#length): SessionReading[] {
    const begin = from < 0 ? Math.max(0, this.#length + from) : from;
    const end = to < 0 ? this.#length + to : Math.min(to, this.#length);
    const rows: SessionReading[] = [];
    for (let index = begin; index < end; index += 1) {
      const row = this.at(index);
      if (row) rows.push(row);
    }
    return rows;
  }

  *[Symbol.iterator](): Iterator<SessionReading> {
    for (let index = 0; index < this.#length; index += 1) {
      const row = this.at(index);
      if (row) yield row;
    }
  }

  #add(row: SessionReading): void {
    const { emotion, traits, actionUnits, raw, points, landmarks } = row;
    if (landmarks.length > 0) this.#others.set(this.#length, row);
    const width = UNITS + actionUnits.length;
    const places = points?.length ?? 0;
    const kind = this.#kindOf({
      emotion,
      traits,
      codes: actionUnits.map(({ code }) => code),
      isSmoothed: raw !== undefined,
      points: points ? places : null,
    });
    let block = this.#blocks.at(-1);
    if (!block?.fits(width, places)) {
      const room = Math.min(LARGEST_BLOCK, Math.max(FIRST_BLOCK, this.#length));
      block = new Block(this.#length, room, Math.max(width, block?.width ?? 0), Math.max(places, block?.points ?? 0));
      this.#blocks.push(block);
    }
    block.add(row, kind);
    this.#length += 1;
  }

  #kindOf(kind: Kind): number {
    const key = JSON.stringify([kind.emotion, kind.traits, kind.codes, kind.isSmoothed, kind.points]);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#kinds.push(kind);
    this.#numbers.set(key, this.#kinds.length - 1);
    return this.#kinds.length - 1;
  }

  #blockOf(index: number): Block | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle]?.first ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return this.#blocks[low];
  }
}
