/**
 * Where a film was cut: a frame that does not go on from the one before it. Knows pictures and media time, no faces.
 *
 * The content difference is that of PySceneDetect's ContentDetector (scenedetect.com, Castellano): the mean absolute difference of hue
 * (0 to 180, here around the circle), saturation and value (0 to 255), the mean of the three, with its default threshold of 27. Here it
 * is taken on a grid of means, so that noise, fine texture and small motion count little. As in its AdaptiveDetector, a cut must also
 * stand out from its neighbours: where all moves, all differs. Its ratio of 3 is for frames as close as the film's own; frames that are
 * a second apart differ more among themselves.
 *
 * The ratio and the threshold for unusual gaps were chosen by eye on clips of faces, a stage show, traffic, animation, pans, fades and
 * flashes: what a cut differs by, a taxi that comes to fill the picture may, too; it is the neighbours that tell them apart. Read less often
 * than a few times a second, cuts are missed and fades told. From a person to the same person later in the same shot there is no cut that
 * this could see.
 */
import type { Picture } from '../model/image.ts';
import type { SceneCut } from '../shared/events.ts';

/** Cells of the grid, and points along each side of a cell. */
const COLUMNS = 32;
const ROWS = 18;
const POINTS = 2;
const CELLS = COLUMNS * ROWS;

/** Mean difference from which on a frame may be another shot's. */
const THRESHOLD = 27;
/** So many times what lies before it, and after it, the difference across a cut is. */
const STANDS_OUT = 1.5;
/** So many differences make up what lies before. */
const BEFORE = 3;
/** Who comes nearer than this share of the difference to the frame before it went back there: that was a flash. */
const WENT_BACK = 0.5;
/** For so long, in seconds, a flash may last; and so much later, at most, or on the next frame, a cut is told. */
const FLASH = 0.3;
/**
 * Over so many times the usual distance of frames, and more than `LEAST_GAP` seconds, more changes within a shot than the frames before can
 * tell: a busy machine left some out, or somebody went on in the film. Then only a difference is a cut that no shot has over a second.
 */
const UNUSUAL = 4;
const LEAST_GAP = 0.6;
const UNUSUAL_THRESHOLD = 40;
/** Frames that are farther apart than this, in seconds, say nothing of each other. */
const MOST_GAP = 3;

/** Hue (0 to 180), saturation and value (0 to 255) of each cell. // [cells · 3] */
type Look = Float32Array;

interface Candidate extends SceneCut {
  difference: number;
  before: Look;
}

interface Continuity {
  /** This frame does not go on from the one before it: a cut, or a flash. */
  jump: boolean;
  /** Once it is clear that it is one, a moment later; null: nothing to tell. */
  cut: SceneCut | null;
}

/** The frames of one source in the order in which they are analysed. */
export class SceneCuts {
  #last: { time: number; look: Look } | null = null;
  /** Seconds between frames, a running mean; null before there are two. */
  #usual: number | null = null;
  /** Differences between the frames before, the last of them. */
  #before: number[] = [];
  #candidates: Candidate[] = [];

  /** The same time for a picture of any size: a few thousand points are looked at. */
  add(picture: Picture, time: number): Continuity {
    const look = lookOf(picture);
    const last = this.#last;
    this.#last = { time, look };
    if (last === null || time === last.time) return SAME_SHOT;
    const gap = time - last.time;
    if (gap < 0 || gap > MOST_GAP) {
      this.#usual = null;
      this.#before = [];
      this.#candidates = [];
      return SAME_SHOT;
    }
    const threshold = this.#isUnusual(gap) ? UNUSUAL_THRESHOLD : THRESHOLD;
    const difference = differenceOf(last.look, look);
    const back = this.#candidates.some((each) => wentBack(each, look));
    const { standing, moving } = this.#sift(look, last.time, difference);
    const cut = standing.find((each) => time - each.time >= FLASH);
    this.#candidates = standing.filter((each) => each !== cut);
    for (const each of moving) this.#note(each.difference);
    const jump = difference >= threshold && difference >= STANDS_OUT * mean(this.#before);
    if (!jump) this.#note(difference);
    else if (!back) this.#candidates.push({ after: last.time, time, difference, before: last.look });
    return { jump, cut: cut ? { after: cut.after, time: cut.time } : null };
  }

  /** Forgets what was seen: what comes is of another source. */
  reset(): void {
    this.#last = null;
    this.#usual = null;
    this.#before = [];
    this.#candidates = [];
  }

  /** Also notes the gap. */
  #isUnusual(gap: number): boolean {
    const usual = this.#usual;
    this.#usual = usual === null ? gap : usual + (gap - usual) / 4;
    return usual !== null && gap > LEAST_GAP && gap > UNUSUAL * usual;
  }

  /** What may still be a cut, and what turned out to be one of many frames that differ. */
  #sift(look: Look, lastTime: number, difference: number): { standing: Candidate[]; moving: Candidate[] } {
    const moving = this.#candidates.filter((each) => each.time === lastTime && each.difference < STANDS_OUT * difference);
    const standing = this.#candidates.filter((each) => !moving.includes(each) && !wentBack(each, look));
    return { standing, moving };
  }

  #note(difference: number): void {
    this.#before = [...this.#before, difference].slice(-BEFORE);
  }
}

const SAME_SHOT: Continuity = { jump: false, cut: null };

function wentBack({ before, difference }: Candidate, look: Look): boolean {
  return differenceOf(before, look) < WENT_BACK * difference;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function lookOf({ width, height, data }: Picture): Look {
  const look = new Float32Array(CELLS * 3);
  const across = width / (COLUMNS * POINTS);
  const down = height / (ROWS * POINTS);
  for (let cell = 0; cell < CELLS; cell++) {
    const left = (cell % COLUMNS) * POINTS;
    const top = Math.floor(cell / COLUMNS) * POINTS;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let point = 0; point < POINTS * POINTS; point++) {
      const x = Math.floor((left + (point % POINTS) + 0.5) * across);
      const y = Math.floor((top + Math.floor(point / POINTS) + 0.5) * down);
      const at = (y * width + x) * 4;
      red += data[at] as number;
      green += data[at + 1] as number;
      blue += data[at + 2] as number;
    }
    const most = Math.max(red, green, blue);
    const range = most - Math.min(red, green, blue);
    look[cell * 3] = 30 * hueOf(red, green, blue, most, range);
    look[cell * 3 + 1] = most === 0 ? 0 : (255 * range) / most;
    look[cell * 3 + 2] = most / (POINTS * POINTS);
  }
  return look;
}

/** 0 to 6, from red over green and blue to red; of grey 0. */
function hueOf(red: number, green: number, blue: number, most: number, range: number): number {
  if (range === 0) return 0;
  if (most === red) return ((green - blue) / range + 6) % 6;
  return most === green ? (blue - red) / range + 2 : (red - green) / range + 4;
}

function differenceOf(a: Look, b: Look): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 3) {
    const hue = Math.abs((a[i] as number) - (b[i] as number));
    sum += Math.min(hue, 180 - hue);
    sum += Math.abs((a[i + 1] as number) - (b[i + 1] as number));
    sum += Math.abs((a[i + 2] as number) - (b[i + 2] as number));
  }
  return sum / a.length;
}
