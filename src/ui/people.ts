/** Who the faces of an item are: the names that the user gave them, and which ids are one person. Pure; knows no pictures. */
import type { Evidence, Reading } from '../shared/readings.ts';

export interface People {
  /** By face id. */
  names: Readonly<Record<number, string>>;
  /** Face id → the earlier one that it counts as, which may count as another in turn. */
  sameAs: Readonly<Record<number, number>>;
}

export const NOBODY_KNOWN: People = { names: {}, sameAs: {} };
/** Longer names would not fit beside a face. */
export const MAX_NAME = 40;

/** The id that a face counts as: its own where it is merged with none. */
export function personOf(people: People, faceId: number): number {
  let person = faceId;
  for (let next = people.sameAs[person]; next !== undefined; next = people.sameAs[person]) person = next;
  return person;
}

/** Null where the user gave none. Of a merged person: its own, else that of the first face merged into it. */
export function nameOf(people: People, faceId: number): string | null {
  const person = personOf(people, faceId);
  const own = people.names[person];
  if (own !== undefined) return own;
  const member = Object.keys(people.names).find((id) => personOf(people, Number(id)) === person);
  return member === undefined ? null : (people.names[Number(member)] ?? null);
}

/** The faces that were merged into a person, one by one, in their order. */
export function mergedInto(people: People, person: number): number[] {
  return Object.keys(people.sameAs)
    .map(Number)
    .filter((faceId) => personOf(people, faceId) === person);
}

/** An empty name takes the person's name away. */
export function withName(people: People, faceId: number, name: string): People {
  const person = personOf(people, faceId);
  const text = name.trim().replace(/\s+/g, ' ').slice(0, MAX_NAME);
  if (text !== '') return { ...people, names: { ...people.names, [person]: text } };
  const names = Object.entries(people.names).filter(([id]) => personOf(people, Number(id)) !== person);
  return { ...people, names: Object.fromEntries(names) };
}

/** The two count as one from now on, under the id that came first. The same object where they do already. */
export function merged(people: People, a: number, b: number): People {
  const first = Math.min(personOf(people, a), personOf(people, b));
  const later = Math.max(personOf(people, a), personOf(people, b));
  return first === later ? people : { ...people, sameAs: { ...people.sameAs, [later]: first } };
}

/** Undoes the merge of a face into another; faces that were merged into it stay with it. */
export function separated(people: People, faceId: number): People {
  const { [faceId]: _gone, ...sameAs } = people.sameAs;
  return { ...people, sameAs };
}

/**
 * The readings of one frame with each face as the person that it is. No two of a frame become one: of two that should, the person's own
 * face is the person, else the first; the other one stays as it is. The same array where nothing is merged.
 */
export function asPeople<T extends Reading>(readings: T[], people: People): T[] {
  if (readings.every(({ faceId }) => people.sameAs[faceId] === undefined)) return readings;
  const taken = new Set(readings.map(({ faceId }) => faceId).filter((faceId) => people.sameAs[faceId] === undefined));
  const shown = readings
    .toSorted((a, b) => a.faceId - b.faceId)
    .map((reading) => {
      const person = personOf(people, reading.faceId);
      if (person === reading.faceId || taken.has(person)) return reading;
      taken.add(person);
      return { ...reading, faceId: person };
    });
  return shown.sort((a, b) => a.faceId - b.faceId);
}

/** Readings by frame, one after another: those of one moment lie together. */
export function* framesOf<T extends Reading>(readings: Iterable<T>): Generator<T[]> {
  let frame: T[] = [];
  for (const reading of readings) {
    if (frame[0] && frame[0].time !== reading.time) {
      yield frame;
      frame = [];
    }
    frame.push(reading);
  }
  if (frame.length > 0) yield frame;
}

/** Evidence with each face as the person that it is. */
export function evidenceOfPeople(evidence: Evidence, people: People): Evidence {
  if (evidence.kind === 'face') return { ...evidence, faceId: personOf(people, evidence.faceId) };
  if ('faceIds' in evidence) return { ...evidence, faceIds: [...new Set(evidence.faceIds.map((id) => personOf(people, id)))] };
  return evidence;
}

/** Names by person, for an export. */
export function namesOfPeople(people: People): Record<string, string> {
  const persons = Object.keys(people.names).map((id) => personOf(people, Number(id)));
  return Object.fromEntries([...new Set(persons)].map((person) => [String(person), nameOf(people, person) ?? '']));
}

/** Somebody who may be the same person as another. */
export interface Candidate {
  faceId: number;
  /** Media time in seconds. */
  lastSeen: number;
}

/** Everybody who was seen, but never on one frame with this face, for two faces of a frame are two people; last seen first. */
export function mergeCandidates(readings: Iterable<Reading>, people: People, faceId: number): Candidate[] {
  const person = personOf(people, faceId);
  const lastSeen = new Map<number, number>();
  const together = new Set<number>([person]);
  for (const frame of framesOf(readings)) {
    const persons = frame.map((reading) => personOf(people, reading.faceId));
    for (const each of persons) lastSeen.set(each, frame[0]?.time ?? 0);
    if (persons.includes(person)) for (const each of persons) together.add(each);
  }
  return [...lastSeen]
    .filter(([each]) => !together.has(each))
    .map(([each, time]) => ({ faceId: each, lastSeen: time }))
    .sort((a, b) => b.lastSeen - a.lastSeen || a.faceId - b.faceId);
}
