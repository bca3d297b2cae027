/**
 * The fast path: a frame → readings. Detect or follow, track, landmarks, action units, encode, smooth.
 * Knows no events, no prompts, no language model.
 */
import { findActionUnits } from '../model/action-units.ts';
import { type DetectedFace, detectFaces, type FaceDetector, TILED_SIDE } from '../model/face-detector.ts';
import { type FaceEncoder, topEmotion } from '../model/face-encoder.ts';
import type { Frame, Picture, Region } from '../model/image.ts';
import type { LandmarkFinder } from '../model/landmarks.ts';
import type { PackManifest } from '../model/manifest.ts';
import { largestFirst } from '../model/projection.ts';
import type { SceneCut, StageTimes } from '../shared/events.ts';
import type { Reading } from '../shared/readings.ts';
import { appearanceOf } from './appearance.ts';
import { crowded, type FoundFace, followed } from './follow.ts';
import { SceneCuts } from './scene-cuts.ts';
import { Smoother } from './smoothing.ts';
import { Tracker } from './tracker.ts';
import { traitsOf } from './traits.ts';

/** What the fast path is made of. */
export interface FastPathParts {
  short: FaceDetector;
  full: FaceDetector;
  landmarks: LandmarkFinder;
  encoder: FaceEncoder;
}

export interface FastPathOptions {
  /** A tracker's memory belongs to one source; a new id starts anew. */
  sourceId: string;
  /**
   * `live` tracks and smooths; `still` looks harder, also at the mirror image, and does neither; `cropped` takes the whole picture
   * for one face, as evaluation sets have them, and detects nothing.
   */
  mode: 'live' | 'still' | 'cropped';
  /** Time constant in seconds; 0 is raw. Only `live`. */
  smoothing: number;
  /** Of a job that goes on beside what is watched: it has a memory of its own. Only `live`; default false. */
  background?: boolean;
  /** It is a film, which may be cut; a camera that is swung is none. Only `live`; default false. */
  cuts?: boolean;
}

export interface FastPathResult {
  /** `live`: by face id. `still`: largest face first, ids counted so. */
  readings: Reading[];
  /** Face tokens by face id, for the projection. // [tokens · D_f] */
  faceTokens: Map<number, Float32Array>;
  times: StageTimes;
  /** A cut shortly before this frame, told once. */
  cut?: SceneCut;
}

/**
 * A live source's faces are looked for this often, in seconds of media time; in between, their landmarks say where they
 * have gone. Long enough to save most of the detector's time, too short for a newcomer to be missed.
 */
const DETECT_EVERY = 0.25;
/** Nor are landmarks looked for more often than this: a face moves little within a frame or two, and its expression is read on each. */
const LANDMARKS_EVERY = 0.04;

/** Below this share of the longer side a face is small: where it, or nobody, is found, a large frame is searched tile by tile. */
const SMALL_FACE = 0.1;
/**
 * A search takes several times as long as a look at the whole frame. Where it finds none it rests for so many seconds; where it finds some,
 * somebody who watches sees them followed for as long, and as many as this.
 */
const SEARCH_EVERY = 1;
const MAX_FOLLOWED = 40;
/**
 * More small faces than this are a crowd. It is searched half as often, and one of it that gets lost is left out until it is there again: of so
 * many there is always one, and to look for all of them anew takes longer than to follow them all.
 */
const CROWD = 12;
const CROWD_EVERY = 2;

/** What is remembered of one source from frame to frame. */
interface SourceMemory {
  sourceId: string | null;
  tracker: Tracker;
  smoother: Smoother;
  cuts: SceneCuts;
  /** When small faces were last looked for in vain, in seconds of media time. */
  inVain: number | null;
  /** The last detection found some. */
  hasSmallFaces: boolean;
  /** So many faces it found. */
  count: number;
  /** The faces as last detected, where their landmarks last were, and when these were looked for. */
  following: { detected: number; measured: number; faces: FollowedFace[] } | null;
}

const NO_LANDMARKS = new Float32Array();

interface FollowedFace {
  /** As it was detected. */
  origin: FoundFace;
  /** Where it is; without landmarks where these were lost since. */
  now: FoundFace;
}

const isThere = ({ origin, now }: FollowedFace): boolean => now.landmarks.length > 0 || origin.landmarks.length === 0;

type FastPathManifest = Pick<PackManifest, 'landmarks' | 'faceEncoder' | 'actionUnits' | 'projection'>;

/** Owns what the fast path remembers from frame to frame: one `read` at a time. */
export class FastPath {
  readonly encoder: FaceEncoder;
  readonly #manifest: FastPathManifest;
  readonly #parts: FastPathParts;
  readonly #watched: SourceMemory;
  readonly #background: SourceMemory;
  /** The one of the two that the frame in hand belongs to. */
  #memory: SourceMemory;

  constructor(parts: FastPathParts, manifest: FastPathManifest) {
    this.encoder = parts.encoder;
    this.#parts = parts;
    this.#manifest = manifest;
    const memory = (): SourceMemory => {
      const smoother = new Smoother(manifest.faceEncoder.uncertainBelow);
      return {
        sourceId: null,
        tracker: new Tracker(),
        smoother,
        cuts: new SceneCuts(),
        inVain: null,
        hasSmallFaces: false,
        count: 0,
        following: null,
      };
    };
    this.#watched = memory();
    this.#background = memory();
    this.#memory = this.#watched;
  }

  /** Readings of all faces on a frame. @throws EngineFailure */
  async read(frame: Frame, options: FastPathOptions): Promise<FastPathResult> {
    const { mode } = options;
    const times: StageTimes = {};
    if (mode === 'cropped') return this.#readCropped(frame, times);
    if (mode === 'live') this.#begin(options.sourceId, options.background ?? false);
    const { jump, cut } = mode === 'live' && options.cuts ? this.#memory.cuts.add(frame, frame.time) : { jump: false, cut: null };
    if (jump) this.#forgetShot();
    const faces = (mode === 'live' ? await this.#follow(frame, times) : null) ?? (await this.#detect(frame, mode, times));
    // Left where they were a moment ago: what now is there says nothing of who they are.
    const { following } = this.#memory;
    const isStale = following !== null && following.measured !== frame.time;
    const ids =
      mode === 'still'
        ? faces.map((_, index) => index + 1)
        : this.#memory.tracker.update(
            faces.map(({ box }) => ({ box, appearance: isStale ? null : appearanceOf(frame, box) })),
            frame.time,
            jump,
          );
    const regions = faces.map(({ box, roll }) => this.encoder.regionOf(box, roll));
    const { readings, faceTokens } = await timed(times, 'encode', () => this.#readFaces(frame, faces, ids, regions, mode));
    if (mode === 'still') return { readings, faceTokens, times };
    const smoothed = readings.map((reading) => this.#memory.smoother.smooth(reading, options.smoothing));
    return { readings: smoothed.sort((a, b) => a.faceId - b.faceId), faceTokens, times, ...(cut && { cut }) };
  }

  /** The box lies in the picture as a detector's would, so landmarks and projection see what they were trained on. */
  async #readCropped(frame: Frame, times: StageTimes): Promise<FastPathResult> {
    const { landmarks: finder } = this.#parts;
    const box = this.encoder.boxOfCrop(frame);
    const found = await timed(times, 'landmarks', () => finder.find(frame, finder.regionOf(box, 0)));
    const face = { box, roll: 0, score: 1, landmarks: found?.points ?? new Float32Array() };
    const read = await timed(times, 'encode', () => this.#readFaces(frame, [face], [1], [this.encoder.regionOf(box, 0)], 'cropped'));
    return { ...read, times };
  }

  async #detect(frame: Frame, mode: 'live' | 'still', times: StageTimes): Promise<FoundFace[]> {
    const { short, full } = this.#parts;
    const detected = await timed(times, 'detect', () => (mode === 'still' ? detectFaces(short, full, frame, mode) : this.#search(frame)));
    const faces = await timed(times, 'landmarks', () => this.#findLandmarks(frame, largestFirst(detected), mode));
    // What has no landmarks cannot be followed, only, in a crowd, left where it is; nor is there anything to follow where nobody is.
    const isFollowed =
      mode === 'live' && faces.length > 0 && (this.#isCrowd(faces.length) || faces.every(({ landmarks }) => landmarks.length > 0));
    const { time } = frame;
    if (mode === 'live')
      this.#memory.following = isFollowed
        ? { detected: time, measured: time, faces: faces.map((face) => ({ origin: face, now: face })) }
        : null;
    return faces;
  }

  /** Faces of a live frame; small ones of a large frame are looked for where that is worth its time. */
  async #search(frame: Frame): Promise<DetectedFace[]> {
    const { short, full } = this.#parts;
    const memory = this.#memory;
    const { time } = frame;
    const rests = memory.inVain !== null && time >= memory.inVain && time - memory.inVain < SEARCH_EVERY;
    const options = { smallBelow: SMALL_FACE, lately: memory.count };
    const faces = await detectFaces(short, full, frame, rests ? 'live' : 'search', options);
    memory.count = faces.length;
    const longer = Math.max(frame.width, frame.height);
    if (!rests)
      memory.hasSmallFaces = longer > TILED_SIDE && faces.some(({ box }) => Math.max(box.width, box.height) < SMALL_FACE * longer);
    if (!rests) memory.inVain = memory.hasSmallFaces ? null : time;
    return faces;
  }

  /** The faces of the last detection on this frame, or null where it is time to look again or, but for a crowd, one of them is lost. */
  async #follow(frame: Frame, times: StageTimes): Promise<FoundFace[] | null> {
    const { following } = this.#memory;
    if (following === null) return null;
    const isCrowd = this.#isCrowd(following.faces.length);
    const age = frame.time - following.detected;
    if (!(age > 0 && age < this.#detectEvery(isCrowd))) return null;
    if (Math.abs(frame.time - following.measured) < LANDMARKS_EVERY) return following.faces.filter(isThere).map(({ now }) => now);
    const { landmarks: finder } = this.#parts;
    return timed(times, 'landmarks', async () => {
      const faces: FollowedFace[] = [];
      for (const face of following.faces) {
        const { origin, now } = face;
        const found = origin.landmarks.length > 0 ? await finder.find(frame, finder.regionOf(now.box, now.roll)) : null;
        const moved = found && followed(origin, found.points);
        if (!moved && !isCrowd) return null;
        faces.push({ origin, now: moved ?? { ...now, landmarks: NO_LANDMARKS } });
      }
      const there = faces.filter(isThere).map(({ now }) => now);
      if (crowded(there)) return null;
      this.#memory.following = { detected: following.detected, measured: frame.time, faces };
      return there;
    });
  }

  /** In seconds of media time. */
  #detectEvery(isCrowd: boolean): number {
    if (!this.#memory.hasSmallFaces || this.#memory !== this.#watched) return DETECT_EVERY;
    return isCrowd ? CROWD_EVERY : SEARCH_EVERY;
  }

  /**
   * Landmarks of all faces of a still, and of the largest of a live frame, as many as the deep path can describe; of small faces more,
   * since looking for them anew takes longer than following them.
   * A face that the detector doubts and the landmark graph denies is none: it is left out.
   */
  async #findLandmarks(frame: Picture, faces: readonly DetectedFace[], mode: 'live' | 'still'): Promise<FoundFace[]> {
    const followable = this.#memory.hasSmallFaces ? MAX_FOLLOWED : this.#manifest.projection.maxFaces;
    const limit = mode === 'live' ? followable : faces.length;
    const { short, full, landmarks: finder } = this.#parts;
    const doubtBelow = (1 + Math.max(short.entry.scoreThreshold, full.entry.scoreThreshold)) / 2;
    const found: FoundFace[] = [];
    for (const [index, { box, roll, score }] of faces.entries()) {
      const doubtful = score < doubtBelow;
      const wanted = index < limit;
      const landmarks = wanted || doubtful ? await finder.find(frame, finder.regionOf(box, roll)) : null;
      if (doubtful && !landmarks) continue;
      found.push({ box, roll, score, landmarks: landmarks?.points ?? new Float32Array() });
    }
    return found;
  }

  #isCrowd(faces: number): boolean {
    return this.#memory.hasSmallFaces && faces > CROWD;
  }

  /** Another source has other faces. */
  #begin(sourceId: string, background: boolean): void {
    const memory = background ? this.#background : this.#watched;
    this.#memory = memory;
    if (sourceId === memory.sourceId) return;
    memory.tracker.reset();
    memory.smoother.reset();
    memory.cuts.reset();
    memory.inVain = null;
    memory.hasSmallFaces = false;
    memory.count = 0;
    memory.following = null;
    memory.sourceId = sourceId;
  }

  /** Faces are not where they were, nor do they look as they did a moment ago. */
  #forgetShot(): void {
    this.#memory.following = null;
    this.#memory.inVain = null;
    this.#memory.smoother.reset();
  }

  async #readFaces(
    frame: Frame,
    faces: readonly FoundFace[],
    ids: readonly number[],
    regions: readonly Region[],
    mode: FastPathOptions['mode'],
  ): Promise<Pick<FastPathResult, 'readings' | 'faceTokens'>> {
    const { actionUnits, landmarks: entry, faceEncoder } = this.#manifest;
    const expressions = await this.encoder.encode(frame, regions, { mirrored: mode !== 'live' });
    const readings: Reading[] = [];
    const faceTokens = new Map<number, Float32Array>();
    for (const [index, { tokens, light, contrast, ...expression }] of expressions.entries()) {
      const face = faces[index];
      const faceId = ids[index];
      if (!face || faceId === undefined)
        throw new Error(`${faces.length} faces and ${ids.length} ids for ${expressions.length} expressions`);
      const { box, roll, score, landmarks } = face;
      readings.push({
        faceId,
        time: frame.time,
        box,
        roll,
        score,
        ...expression,
        emotion: topEmotion(expression.probabilities, faceEncoder.uncertainBelow),
        actionUnits: findActionUnits(actionUnits, landmarks, entry.eyeCorners),
        traits: traitsOf({ centreX: (box.x + box.width / 2) / frame.width, width: box.width / frame.width, light, contrast }),
        landmarks,
      });
      faceTokens.set(faceId, tokens);
    }
    return { readings, faceTokens };
  }
}

async function timed<T>(times: StageTimes, stage: keyof StageTimes, job: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const value = await job();
  times[stage] = (times[stage] ?? 0) + performance.now() - start;
  return value;
}
