/** What the export of a video asks for, from what the page has and the user chose. Pure; knows no React and no worker. */

import { provenance } from '../export/provenance.ts';
import type { Session, SessionReading } from '../export/session.ts';
import { readStretches, type Stretch, secondsRead } from '../overlay/face-tracks.ts';
import type { FacesShown, OverlayCaption, OverlayParts, OverlayReading } from '../shared/overlay.ts';
import type { Explanation, Item } from './analysis-state.ts';
import { clock } from './format.ts';
import { messages } from './messages.ts';
import { asPeople, framesOf, type People } from './people.ts';

/** Seconds that an explanation stays, where no other one takes its place: time to read three lines. */
const CAPTION_SECONDS = 8;
/** Of the longest side in px. */
export const SMALL_SIDE = 1280;
/** Seconds that are not worth a word: a frame or two at the ends. */
const NEGLIGIBLE = 0.2;
/** More of them are not listed. */
const LISTED = 3;

export interface VideoChoices {
  parts: OverlayParts;
  faces: FacesShown;
  /** Null: the whole video. */
  range: Stretch | null;
  /** Longest side in px; null: as it is. */
  maxSide: number | null;
  sound: boolean;
}

/** With faces hidden, neither names nor voices tell who it is. */
export function withFaces(choices: VideoChoices, faces: FacesShown): VideoChoices {
  const open = faces === 'as-they-are';
  if (open === (choices.faces === 'as-they-are')) return { ...choices, faces };
  return { ...choices, faces, sound: open, parts: { ...choices.parts, names: open } };
}

/** The readings as the overlay wants them: persons for faces, and nothing that it does not draw. */
export function overlayReadings(readings: Iterable<SessionReading>, people: People): OverlayReading[] {
  const drawn: OverlayReading[] = [];
  for (const frame of framesOf(readings))
    for (const { faceId, time, box, emotion, probabilities, valence, arousal } of asPeople(frame, people))
      drawn.push({ faceId, time, box, emotion, probabilities, valence, arousal });
  return drawn;
}

/** Each answered explanation from its moment on. */
export function captionsOf(explanations: readonly Explanation[]): OverlayCaption[] {
  return explanations
    .filter(({ answer, steps }) => answer !== null || steps.reason !== '')
    .map(({ task, time, answer, steps }) => {
      const said = answer ? `${messages.tasks[task].name}: ${answer.text}.` : `${messages.tasks[task].name}.`;
      return { from: time, to: time + CAPTION_SECONDS, text: `${said} ${steps.reason}`.trim() };
    })
    .sort((a, b) => a.from - b.from);
}

/** How much of what is to be written was read, in a sentence or two; null where all of it was. */
export function readNotice(readTimes: readonly number[], range: Stretch, faces: FacesShown): string | null {
  const text = messages.videoExport;
  const stretches = readStretches(readTimes);
  const inRange = stretches.filter(({ from, to }) => to >= range.from && from <= range.to);
  const isSparse = inRange.length === 0 && readTimes.filter((time) => time >= range.from && time <= range.to).length > 1;
  if (isSparse) return faces === 'as-they-are' ? null : text.tooSeldom;
  if (inRange.length === 0) return text.nothingRead;
  if (secondsRead(stretches, range) >= range.to - range.from - NEGLIGIBLE) return null;
  const listed = inRange.slice(0, LISTED).map(({ from, to }) => `${clock(from)}–${clock(to)}`);
  const all = inRange.length > LISTED ? [...listed, '…'] : listed;
  return `${text.partlyRead(all.join(', '))} ${faces === 'as-they-are' ? text.elsewherePlain : text.elsewhereHidden}`;
}

/** What made the numbers, for the file's own tags. Of a video whose faces are hidden, without its name: it may be a person's. */
export function videoTags(session: Session, item: Item, choices: VideoChoices, at: Date): { title: string; comment: string; date: Date } {
  const hidden = choices.faces !== 'as-they-are';
  const items = session.items.filter(({ id }) => id === item.id).map((each) => (hidden ? { ...each, name: '' } : each));
  const { parts, faces, range } = choices;
  const comment = JSON.stringify({ ...provenance({ ...session, items }, at), overlay: { parts, faces, range } });
  return { title: hidden ? messages.name : item.name, comment, date: at };
}

/** Seconds until it is done, from how long the share that is done took; null before that can be told. */
export function secondsLeft(share: number, elapsed: number): number | null {
  return share < 0.02 || elapsed < 1 ? null : (elapsed * (1 - share)) / share;
}
