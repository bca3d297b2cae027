/**
 * What a session from a file may ask of this page. Its form may be right and its numbers still such that the page would count to a billion or
 * take all the memory there is. Far above what anybody recorded. Pure.
 */
import { EVERY_FRAME_STEP } from './read-times.ts';
import type { KeptItem, KeptSession } from './session-record.ts';
import { stretchOf } from './video-job.ts';

export const SESSION_LIMITS = {
  items: 2000,
  /** Of all items together. */
  rows: 1_000_000,
  /** A face that is seen within a minute, over all faces and minutes: what a timeline costs. */
  faceMinutes: 20_000,
  /** Frames that its analyses of videos went through. */
  frames: 2_000_000,
  /** Seconds; four months. */
  time: 1e7,
  framesPerSecond: 1000,
  /** px. */
  side: 65_535,
  /** Of an item: explanations, marks, cuts, takes, names, stretches. */
  parts: 20_000,
  /** Of an item, each with texts and pictures. */
  explanations: 2000,
  /** On one frame. */
  faces: 1000,
  /** Numbers of one reading's landmarks. */
  points: 2000,
} as const;

const L = SESSION_LIMITS;

/** Which limit a session exceeds, in words for a bug report; null where it exceeds none. */
export function exceeded({ items }: KeptSession): string | null {
  if (items.length > L.items) return `${items.length} items`;
  const rows = items.reduce((sum, { readings }) => sum + readings.length, 0);
  if (rows > L.rows) return `${rows} readings`;
  const frames = items.reduce((sum, { record }) => sum + (record.jobs ?? []).reduce((all, job) => all + framesRead(job), 0), 0);
  if (!(frames <= L.frames)) return `${frames} frames analysed`;
  let faceMinutes = 0;
  for (const item of items) {
    const wrong = wrongPart(item.record) ?? wrongReading(item.readings);
    if (wrong !== null) return `${item.record.id}: ${wrong}`;
    const seen = new Set(item.readings.map(({ faceId, time }) => `${faceId} ${Math.floor(time / 60)}`));
    faceMinutes += seen.size;
    if (faceMinutes > L.faceMinutes) return 'faces over too many minutes';
  }
  return null;
}

type ItemRecord = KeptItem['record'];
type Job = NonNullable<ItemRecord['jobs']>[number];

/** About how many, as `keptReadTimes` will count them. */
function framesRead(job: Job): number {
  const { from, to } = stretchOf(job) ?? { from: 0, to: 0 };
  return Math.max(0, to - from) * (job.framesPerSecond ?? 1 / EVERY_FRAME_STEP);
}

/** By the name of what there is too much of. */
function wrongPart({ explanations, marks, cuts = [], takes, people, jobs = [], snapshot }: ItemRecord): string | null {
  const counts = {
    marks: marks.length,
    cuts: cuts.length,
    takes: takes.reduce((sum, { spans }) => sum + 1 + spans.length, 0),
    people: Object.keys(people.names).length + Object.keys(people.sameAs).length,
    jobs: jobs.reduce((sum, { lost }) => sum + 1 + lost.length, 0),
  };
  const many = Object.entries(counts).find(([, count]) => count > L.parts);
  if (many) return `${many[1]} ${many[0]}`;
  if (explanations.length > L.explanations) return `${explanations.length} explanations`;
  const times = [
    ...marks.flatMap(({ time, end }) => [time, end ?? time]),
    ...cuts.flatMap(({ after, time }) => [after, time]),
    ...takes.flatMap(({ spans }) => spans.flatMap(({ from, to, at }) => [from, to ?? from, at])),
    ...jobs.flatMap(({ from, to, reached, lost }) => [from, to ?? from, reached ?? from, ...lost.flatMap((each) => [each.from, each.to])]),
    ...explanations.map(({ time }) => time),
  ];
  if (!times.every(isTime)) return 'a time beyond all bounds';
  if (!jobs.every(({ framesPerSecond: rate }) => rate === null || (rate > 1e-4 && rate <= L.framesPerSecond))) return 'frames a second';
  for (const each of [snapshot, ...explanations.map((run) => run.snapshot)]) {
    if (!each) continue;
    if (each.readings.length > L.faces) return `${each.readings.length} faces on a frame`;
    if (![each.width, each.height].every((side) => side >= 0 && side <= L.side)) return 'the size of a frame';
    const wrong = wrongReading(each.readings) ?? (isTime(each.time) ? null : 'a time beyond all bounds');
    if (wrong !== null) return wrong;
  }
  return null;
}

function wrongReading(readings: KeptItem['readings']): string | null {
  for (const { time, box, roll, score, valence, arousal, landmarks, points, actionUnits, traits } of readings) {
    if (!isTime(time)) return 'a time beyond all bounds';
    if (landmarks.length > L.points || (points?.length ?? 0) > L.points || actionUnits.length > 100 || traits.length > 100) {
      return 'a reading with too much in it';
    }
    const numbers = [box.x, box.y, box.width, box.height, roll, score, valence, arousal];
    if (!numbers.every((number) => Math.abs(number) <= 1e6)) return 'a reading beyond all bounds';
  }
  return null;
}

const isTime = (seconds: number): boolean => Math.abs(seconds) <= L.time;
