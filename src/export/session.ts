import type { WireError } from '../shared/errors.ts';
import type { ModelInfo, SceneCut, StageTimes } from '../shared/events.ts';
import type { Step, Task } from '../shared/labels.ts';
import type { Answer, Evidence, Reading, TextLine } from '../shared/readings.ts';

/** Which model wrote an explanation. */
export interface MadeBy {
  packId: string;
  packVersion: string;
  /** The foundation pack in the language model's place; absent: the pack's own wrote it. */
  foundation?: NonNullable<ModelInfo['foundation']>;
}

export function madeBy({ packId, packVersion, foundation }: ModelInfo): MadeBy {
  return { packId, packVersion, ...(foundation && { foundation }) };
}

/** Whether anybody has fitted how sure an answer may be: only where the pack's own model was asked with the four steps. */
export const isCalibrated = ({ madeBy, prompting }: Pick<SessionExplanation, 'madeBy' | 'prompting'>): boolean =>
  !madeBy?.foundation && prompting !== 'plain';

/** One deep-path run as the page saw it; parts that never arrived are empty or null. */
export interface SessionExplanation {
  runId: string;
  task: Task;
  /** Media time of the explained frame in seconds; 0 for a picture. */
  time: number;
  outcome: 'running' | 'done' | 'stopped' | 'failed';
  error: WireError | null;
  prompt: string;
  promptTokens: number;
  /** Words that were found on the picture; none where they were given. */
  words: TextLine[];
  /** What the user typed, in place of words on the picture; empty: there are none. Absent: nobody did. */
  wordsGiven?: string;
  steps: Record<Step, string>;
  evidence: Record<Step, Evidence[]>;
  answer: Answer | null;
  /** Decode speed; null where nothing was decoded. */
  tokensPerSecond: number | null;
  times: StageTimes;
  /** At a peak: it began by itself there, or as one of many that were asked for together. */
  auto?: true;
  /** Absent before it has begun, and in sessions of earlier versions. */
  madeBy?: MadeBy;
  /** Asked for the answer alone; absent: with the four steps. */
  prompting?: 'plain';
}

/** A reading as it is kept: of a live one the 468 landmarks are too many, 68 points (`landmarks-68.ts`) stand for them. */
export interface SessionReading extends Reading {
  points?: Float32Array;
}

export const MARK_KINDS = ['event', 'exclude', 'text'] as const;
export type MarkKind = (typeof MARK_KINDS)[number];

/** What the user marked in a recording. */
export interface Mark {
  id: string;
  /** `exclude`: not to be counted. */
  kind: MarkKind;
  /** Media time in seconds. */
  time: number;
  /** Null where it is a moment. */
  end: number | null;
  text: string;
}

/** How a stretch of a video was read as a file: every frame that was asked for, none dropped. */
export interface VideoAnalysis {
  /** Seconds of media time. */
  from: number;
  to: number;
  /** So many frames a second, counted from the beginning of what was asked for; null: every frame. */
  framesPerSecond: number | null;
  /** How many were read, those without a face too. */
  frames: number;
  /** `webcodecs`, or `video-element`: from frame to frame of a `<video>`. */
  decoder: string;
  /** As WebCodecs names it; empty where it is not told. */
  codec: string;
  /** Time constant in seconds of media time; 0 is raw. */
  smoothing: number;
  /** Damaged stretches without frames. */
  lost: readonly { from: number; to: number }[];
}

export interface SessionItem {
  id: string;
  /** What the user calls it: a file name, a camera's label. */
  name: string;
  kind: 'picture' | 'video' | 'camera';
  /** Size in px of the frames that were analysed: what boxes and landmarks are measured in. 0 while unknown. */
  width: number;
  height: number;
  /** What the user calls the faces, by face id; a face without a name is absent. */
  names?: Record<string, string>;
  /** In the order in which they came: frame by frame, faces of a frame together. */
  readings: SessionReading[];
  /** What of a video was read as a file; the rest was read while it played. Absent where nothing was. */
  analyses?: readonly VideoAnalysis[];
  explanations: SessionExplanation[];
  /** By their time; absent where there are none. */
  marks?: readonly Mark[];
  /** Where a video was cut, by their time; absent where no cut was found. */
  cuts?: readonly SceneCut[];
}

/** All that an export states. The page builds it from its state; plain data, no handles. */
export interface Session {
  app: { version: string };
  model: ModelInfo | null;
  settings: Record<string, string | number | boolean>;
  items: SessionItem[];
}

/** The user's name for a face; empty where it has none. */
export function faceName(item: Pick<SessionItem, 'names'>, faceId: number): string {
  return item.names?.[String(faceId)]?.trim() ?? '';
}

/** The lines that an explanation was told, found on the picture or given. */
export function wordLines({ words, wordsGiven }: SessionExplanation): string[] {
  if (wordsGiven === undefined) return words.map((line) => line.text);
  return wordsGiven
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A face in words: `Ada (face 1)`, or `face 1`. */
export function faceLabel(item: Pick<SessionItem, 'names'>, faceId: number): string {
  const name = faceName(item, faceId);
  return name === '' ? `face ${faceId}` : `${name} (face ${faceId})`;
}
