/** Stretches of time over which a face's emotion stays the same: what captions, events and annotations are made of. */
import type { SceneCut } from '../shared/events.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import { sampling } from './frames.ts';
import type { Mark, SessionExplanation, SessionItem } from './session.ts';

export interface Segment {
  faceId: number;
  emotion: Reading['emotion'];
  /** Seconds of media time. A picture has none: both are 0. */
  start: number;
  end: number;
  /** Means over the segment's readings. `probability` is the likeliest label's, also where that is uncertain. */
  probability: number;
  valence: number;
  arousal: number;
  readings: number;
}

/** A face that is not seen for longer than this, in seconds, ends its segment where it was seen last. */
const LONGEST_GAP = 1;
/** Where frames lie far apart, the face may be missing on fewer than this many of them. */
const MISSED_FRAMES = 3;

/** Longest time between two readings of a face, in seconds, that still counts as one stretch. */
export function longestGap(item: Pick<SessionItem, 'readings'>): number {
  return Math.max(LONGEST_GAP, MISSED_FRAMES * (sampling(item).interval ?? 0));
}

/** Face ids in the order in which the faces were first seen. */
export function facesOf(item: Pick<SessionItem, 'readings'>): number[] {
  return [...new Set(item.readings.map((reading) => reading.faceId))];
}

/** A face's readings in time order, whatever way a video was gone through. */
export function readingsOf(item: Pick<SessionItem, 'readings'>, faceId: number): Reading[] {
  return item.readings.filter((reading) => reading.faceId === faceId).sort((a, b) => a.time - b.time);
}

/**
 * An item's segments by their start. One lasts until the face shows something else; the last before a gap lasts one
 * sampling interval beyond its last reading.
 */
export function segments(item: Pick<SessionItem, 'readings'>): Segment[] {
  const gap = longestGap(item);
  const interval = sampling(item).interval ?? 0;
  const found = facesOf(item).flatMap((faceId) => {
    const stretches: Reading[][] = [];
    const ends: number[] = [];
    let before: Reading | undefined;
    for (const reading of readingsOf(item, faceId)) {
      const follows = before !== undefined && reading.time - before.time <= gap;
      if (before && !(follows && reading.emotion === before.emotion)) ends.push(follows ? reading.time : before.time + interval);
      if (before && follows && reading.emotion === before.emotion) stretches.at(-1)?.push(reading);
      else stretches.push([reading]);
      before = reading;
    }
    if (before) ends.push(before.time + interval);
    return stretches.map((stretch, index) => segmentOf(stretch, ends[index] ?? 0));
  });
  return found.sort((a, b) => a.start - b.start || a.faceId - b.faceId);
}

function segmentOf(stretch: Reading[], end: number): Segment {
  const [first] = stretch as [Reading, ...Reading[]];
  const mean = (of: (reading: Reading) => number) => stretch.reduce((sum, reading) => sum + of(reading), 0) / stretch.length;
  return {
    faceId: first.faceId,
    emotion: first.emotion,
    start: first.time,
    end,
    probability: mean((reading) => Math.max(...EMOTION_LABELS.map((label) => reading.probabilities[label]))),
    valence: mean((reading) => reading.valence),
    arousal: mean((reading) => reading.arousal),
    readings: stretch.length,
  };
}

/** What an explanation answered, in words; empty where it never came so far. */
export function answerText(explanation: SessionExplanation): string {
  return explanation.answer?.text ?? explanation.steps.answer;
}

/** The answer's probability among the task's options; null for free text. */
export function answerProbability({ answer }: SessionExplanation): number | null {
  return answer?.distribution.find(({ option }) => option === answer.text)?.probability ?? null;
}

/** Explanations that said something, by their time. */
export function answered(item: Pick<SessionItem, 'explanations'>): SessionExplanation[] {
  return item.explanations.filter((explanation) => answerText(explanation).trim() !== '').sort((a, b) => a.time - b.time);
}

/** When a mark is shown: a moment as long as an explanation. */
export function markSpan({ time, end }: Mark): { start: number; end: number } {
  return { start: time, end: end !== null && end > time ? end : time + EXPLANATION_SECONDS };
}

/** When a cut is shown. */
export function cutSpan({ time }: SceneCut): { start: number; end: number } {
  return { start: time, end: time + CUT_SECONDS };
}

/** Seconds for which subtitles and annotations show what has no length of its own. */
const PICTURE_SECONDS = 5;
const EXPLANATION_SECONDS = 4;
const CUT_SECONDS = 0.5;
const SHORTEST_SECONDS = 0.04;

/** When a segment is shown by a player or an annotation tool, in seconds: a picture's for 5 s, a video's for as long as it lasts. */
export function shownSpan(item: Pick<SessionItem, 'kind'>, { start, end }: Segment): { start: number; end: number } {
  return item.kind === 'picture' ? { start: 0, end: PICTURE_SECONDS } : { start, end: Math.max(end, start + SHORTEST_SECONDS) };
}

/** When an explanation is shown: from its frame on, 4 s; a picture's for 5 s. */
export function explanationSpan(item: Pick<SessionItem, 'kind'>, { time }: SessionExplanation): { start: number; end: number } {
  return item.kind === 'picture' ? { start: 0, end: PICTURE_SECONDS } : { start: time, end: time + EXPLANATION_SECONDS };
}
