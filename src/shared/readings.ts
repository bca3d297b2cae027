import type { EmotionLabel } from './labels.ts';

/** px of the frame, origin top left. */
export interface FaceBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A FACS action unit by its code (`AU12`) and the probability, [0, 1], that it is shown. */
export interface ActionUnit {
  code: string;
  probability: number;
}

/** What is smoothed, as this frame alone gives it. */
export interface RawAffect {
  probabilities: Record<EmotionLabel, number>;
  valence: number;
  arousal: number;
}

/** All numbers for one face at one frame. */
export interface Reading {
  faceId: number;
  /** Media time in seconds: the frame stamp. */
  time: number;
  box: FaceBox;
  /** Tilt of the eye line in radians, clockwise positive in the picture. */
  roll: number;
  /** The detector's confidence, [0, 1]. */
  score: number;
  /** Calibrated; sums to 1 over the labels. */
  probabilities: Record<EmotionLabel, number>;
  /** The likeliest label, or `uncertain` where its probability is below the pack's threshold. */
  emotion: EmotionLabel | 'uncertain';
  /** [-1, 1] each. */
  valence: number;
  arousal: number;
  /** Absent where the values above are not smoothed. */
  raw?: RawAffect;
  actionUnits: ActionUnit[];
  /** How it is shown, measured: "close", "to the left", "dark", …; two at most. */
  traits: string[];
  /** 468 landmarks as x, y in px of the frame; empty where the landmark graph did not run or found none. */
  landmarks: Float32Array;
}

/** One line of words on the picture: text, recogniser confidence [0, 1], box in px. */
export interface TextLine {
  text: string;
  score: number;
  box: FaceBox;
}

/** What a chip in the reasoning points at. */
export type Evidence =
  | { kind: 'action-unit'; code: string; faceIds: number[] }
  | { kind: 'face'; faceId: number }
  | { kind: 'words'; lines: number[] }
  /** What the text says of the words on the picture ("asks a question"), and whether that is so. */
  | { kind: 'claim'; phrase: string; holds: boolean; lines: number[] }
  /** What the text says of how many faces there are ("four faces") and how the first is shown ("dark"), and whether that is so. */
  | { kind: 'shown'; phrase: string; holds: boolean; faceIds: number[] }
  | { kind: 'scene' };

/** The task's decision. `distribution` is over the options, sums to 1; empty for open-ended tasks. */
export interface Answer {
  text: string;
  distribution: { option: string; probability: number }[];
}
