/** What a timeline's canvas draws of an item. Pure; knows neither canvas nor React. */
import { EMOTION_LABELS, type EmotionLabel } from '../shared/labels.ts';
import type { Item } from './analysis-state.ts';
import { SHOWN_EMOTIONS } from './emotion-glyph.tsx';
import { messages } from './messages.ts';
import { nameOf, type People, personOf } from './people.ts';
import type { PlotFrame, PlotKind } from './timeline-plot.ts';
import { type Stretch, type TimelineTrack, topOf } from './timeline-track.ts';

/** More points than px help nobody. */
export const MOST_POINTS = 600;
/** A class or a meeting; each lane has a name that can be read. */
export const MOST_LANES = 12;

/** Everybody that the engine takes for one person. */
export function membersOf(people: People, track: TimelineTrack, person: number): number[] {
  return track.faceIds.filter((faceId) => personOf(people, faceId) === person);
}

/** What of a recording is drawn: the lines of the faces `ids`, or of everybody their likeliest emotion. */
export function plotFrame(item: Item, track: TimelineTrack, ids: number[], kind: PlotKind, range: PlotFrame['range']): PlotFrame {
  const { people } = item;
  const { times, values } = kind === 'everybody' ? { times: [], values: [] } : track.stretches(ids, range.from, range.to, MOST_POINTS);
  const line = (of: (stretch: Stretch) => number) => values.map((value) => value && of(value));
  const lines =
    kind === 'emotions'
      ? SHOWN_EMOTIONS.map((label) => line(({ probabilities }) => probabilities[label]))
      : kind === 'affect'
        ? [line(({ valence }) => valence), line(({ arousal }) => arousal)]
        : [];
  const mine = kind === 'everybody' ? track.peaks : track.peaks.filter(({ faceId }) => ids.includes(faceId));
  return {
    range,
    times,
    lines,
    lanes: kind === 'everybody' ? lanesOf(track, people, range) : [],
    peaks: mine.map(({ time, kind: what }) => ({ time, emotion: EMOTION_LABELS.find((label) => label === what) ?? null })),
    explanations: item.explanations.map(({ time }) => time),
    marks: item.marks.map(({ time, end, kind: what }) => ({ from: time, to: end, excluded: what === 'exclude' })),
    cuts: (item.cuts ?? []).map(({ time }) => time),
  };
}

/** Each person's likeliest emotion for as long as it stays the same; those who are there within the range, first seen first. */
function lanesOf(track: TimelineTrack, people: People, { from, to }: PlotFrame['range']): PlotFrame['lanes'] {
  const persons = [...new Set(track.faceIds.map((faceId) => personOf(people, faceId)))];
  const lanes: PlotFrame['lanes'] = [];
  for (const person of persons) {
    const ids = track.faceIds.filter((faceId) => personOf(people, faceId) === person);
    const { times, values } = track.stretches(ids, from, to, MOST_POINTS / 2);
    const spans: PlotFrame['lanes'][number]['spans'] = [];
    let before = null as { time: number; emotion: EmotionLabel } | null;
    for (const [i, value] of values.entries()) {
      const time = times[i] ?? 0;
      const emotion = value && topOf(value);
      const last = spans.at(-1);
      if (before && last) last.to = emotion ? time : before.time;
      if (emotion && before?.emotion !== emotion) spans.push({ from: time, to: time, emotion });
      before = emotion && { time, emotion };
    }
    if (spans.length > 0) lanes.push({ name: nameOf(people, person) ?? messages.face(person), spans });
    if (lanes.length === MOST_LANES) break;
  }
  return lanes;
}
