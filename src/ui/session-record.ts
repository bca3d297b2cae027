/** What of a session is kept, and how it is told from rubbish. Pure; knows neither the browser's storage nor archives. */
import * as v from 'valibot';
import { MARK_KINDS, type SessionReading } from '../export/session.ts';
import { ERROR_CODES, wireError } from '../shared/errors.ts';
import { VIDEO_DECODERS } from '../shared/events.ts';
import { EMOTION_LABELS, STEPS, TASKS, type Task } from '../shared/labels.ts';
import { type Explanation, type Item, isMendable, isOpen } from './analysis-state.ts';
import { MAX_CHARACTERS } from './given-words.ts';
import { messages } from './messages.ts';
import { atRest, JOB_PHASES } from './video-job.ts';

/** Another number where a record is no longer read as before: those of other formats are left alone. */
export const FORMAT = 1;

export interface SessionRecord {
  id: string;
  format: typeof FORMAT;
  /** Version of the app that wrote it. */
  app: string;
  /** Milliseconds since 1970. */
  createdAt: number;
  savedAt: number;
  task: Task;
  selectedId: string | null;
  /** In the strip's order. */
  itemIds: string[];
  /** How many rows of readings, over all items. */
  readings: number;
  /** About as many bytes as it takes. */
  bytes: number;
  /** Milliseconds since 1970; null unless it was deleted and can still be restored. */
  deletedAt: number | null;
}

/** An item without its pictures and without a live one's readings, which lie beside it. */
export interface ItemRecord extends Omit<Item, 'thumbnail' | 'kept'> {
  /** Shown as in a mirror. */
  mirrored: boolean;
}

export interface KeptItem {
  record: ItemRecord;
  /** Of a camera or a video. */
  readings: SessionReading[];
  /** The picture's or video's own bytes; null where they are not kept. */
  file: Blob | null;
  thumbnail: Blob | null;
  /** The frame that `record.snapshot` was read from, of a camera or a video. */
  last: Blob | null;
  /** The frames that were explained, of a camera or a video, by run. */
  frames: Map<string, Blob>;
  /** Videos that were recorded of a camera, by take; and the pieces of those that were cut off, in order. */
  takes: Map<string, Blob>;
  pieces: Map<string, Blob[]>;
}

export interface KeptSession {
  record: SessionRecord;
  items: KeptItem[];
}

export function itemRecord(item: Item, mirrored: boolean): ItemRecord {
  const { thumbnail: _, kept: __, ...rest } = item;
  return { ...rest, mirrored };
}

/** The item as it comes back: nothing runs any more, and nothing that was read is read again. */
export function itemFrom({ record, file, takes, pieces }: KeptItem): Item {
  const { mirrored: _, jobs, ...rest } = record;
  const explanations = record.explanations.map(stopped);
  // One that was cut off is there, too: its pieces are to be put together, in a later visit if not in this one.
  const found = record.takes.filter((take) => takes.has(take.id) || (take.length === null && pieces.has(take.id)));
  const item: Item = {
    ...rest,
    ...(jobs && { jobs: jobs.map(atRest) }),
    explanations,
    takes: found,
    thumbnail: null,
    kept: file || record.kind === 'camera' ? 'whole' : 'readings',
  };
  const read = record.snapshot !== null || explanations.length > 0;
  if (record.kind !== 'picture') return record.phase === 'failed' && !read ? item : { ...item, phase: 'ready', error: null };
  if (record.snapshot) return { ...item, phase: 'ready' };
  // What failed for another reason than the file itself is tried again.
  const hopeless = record.phase === 'failed' && record.error !== null && !isMendable(record.error);
  if (file) return hopeless ? item : { ...item, phase: 'waiting', error: null };
  return { ...item, phase: 'failed', error: record.error ?? wireError('file-unreadable', ...messages.sessions.fileNotKept) };
}

function stopped(run: Explanation): Explanation {
  return isOpen(run) ? { ...run, phase: 'stopped' } : run;
}

/** About how many bytes a value takes in storage. */
export function roughBytes(value: unknown): number {
  if (value instanceof Blob) return value.size;
  if (value instanceof Float32Array) return value.byteLength;
  if (typeof value === 'string') return value.length * 2;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.entries(value).reduce((sum, [key, each]) => sum + key.length + roughBytes(each), 0);
}

/** Explanations never change: another one stands in their place, and each is counted once. */
const explanationBytes = new WeakMap<Explanation, number>();

/** About how many bytes an item's record takes in storage. */
export function recordBytes({ explanations, ...rest }: ItemRecord): number {
  return explanations.reduce((sum, run) => {
    const bytes = explanationBytes.get(run) ?? roughBytes(run);
    explanationBytes.set(run, bytes);
    return sum + bytes;
  }, roughBytes(rest));
}

// Ids and names of a foreign file become keys and labels.
const id = v.pipe(v.string(), v.regex(/^[\w-]{1,80}$/));
const text = v.pipe(v.string(), v.maxLength(100_000));
const name = v.pipe(v.string(), v.maxLength(500));
const faceId = v.pipe(v.number(), v.integer(), v.minValue(0));
const faceKey = v.pipe(v.string(), v.regex(/^\d{1,9}$/));

/** As an array in an archive, where what is not a number is null. */
const floats = v.union([
  v.instance(Float32Array<ArrayBuffer>),
  v.pipe(
    v.array(v.nullable(v.number())),
    v.transform((values) => Float32Array.from(values, (value) => value ?? Number.NaN)),
  ),
]);

const box = v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() });
const step = v.picklist(STEPS);
const byStep = <T extends v.GenericSchema>(schema: T) => v.object({ observe: schema, cues: schema, reason: schema, answer: schema });
const wire = v.object({ code: v.picklist(ERROR_CODES), message: text, remedy: text, detail: v.exactOptional(text) });

const probabilities = v.object({
  neutral: v.number(),
  happiness: v.number(),
  surprise: v.number(),
  sadness: v.number(),
  anger: v.number(),
  disgust: v.number(),
  fear: v.number(),
  contempt: v.number(),
});

const reading = {
  faceId,
  time: v.number(),
  box,
  roll: v.number(),
  score: v.number(),
  probabilities,
  emotion: v.picklist([...EMOTION_LABELS, 'uncertain']),
  valence: v.number(),
  arousal: v.number(),
  raw: v.exactOptional(v.object({ probabilities, valence: v.number(), arousal: v.number() })),
  actionUnits: v.array(v.object({ code: name, probability: v.number() })),
  traits: v.array(name),
  landmarks: floats,
};

const snapshot = v.object({ time: v.number(), width: v.number(), height: v.number(), readings: v.array(v.object(reading)) });

const evidence = v.variant('kind', [
  v.object({ kind: v.literal('action-unit'), code: name, faceIds: v.array(faceId) }),
  v.object({ kind: v.literal('face'), faceId }),
  v.object({ kind: v.literal('words'), lines: v.array(v.number()) }),
  v.object({ kind: v.literal('claim'), phrase: text, holds: v.boolean(), lines: v.array(v.number()) }),
  v.object({ kind: v.literal('shown'), phrase: text, holds: v.boolean(), faceIds: v.array(faceId) }),
  v.object({ kind: v.literal('scene') }),
]);

const madeBy = v.object({
  packId: name,
  packVersion: name,
  foundation: v.exactOptional(v.object({ id: name, revision: name, dtypes: v.record(name, name), device: name })),
});

const milliseconds = v.exactOptional(v.number());
const explanation = v.object({
  runId: id,
  task: v.picklist(TASKS),
  time: v.number(),
  phase: v.picklist(['queued', 'running', 'done', 'stopped', 'failed']),
  step: v.nullable(step),
  error: v.nullable(wire),
  prompt: text,
  promptTokens: v.number(),
  words: v.nullable(v.array(v.object({ text, score: v.number(), box }))),
  wordsGiven: v.exactOptional(text),
  steps: byStep(text),
  evidence: byStep(v.array(evidence)),
  answer: v.nullable(v.object({ text, distribution: v.array(v.object({ option: text, probability: v.number() })) })),
  tokensPerSecond: v.nullable(v.number()),
  times: v.object({
    detect: milliseconds,
    landmarks: milliseconds,
    encode: milliseconds,
    words: milliseconds,
    scene: milliseconds,
    project: milliseconds,
    prefill: milliseconds,
    decode: milliseconds,
  }),
  snapshot: v.nullable(snapshot),
  auto: v.exactOptional(v.literal(true)),
  // Records of versions before there were foundation packs have neither.
  madeBy: v.exactOptional(madeBy),
  prompting: v.exactOptional(v.literal('plain')),
  // Becomes the source of an image: nothing but a picture, and a small one.
  miniature: v.exactOptional(v.pipe(v.string(), v.maxLength(40_000), v.regex(/^data:image\/jpeg;base64,[A-Za-z0-9+/=]+$/))),
});

const mark = v.object({
  id,
  kind: v.picklist(MARK_KINDS),
  time: v.number(),
  end: v.nullable(v.number()),
  text: name,
});

const take = v.object({
  id,
  type: v.pipe(v.string(), v.regex(/^video\/[\w.+-]{1,80}$/)),
  spans: v.array(v.object({ from: v.number(), to: v.nullable(v.number()), at: v.number() })),
  bytes: v.pipe(v.number(), v.minValue(0)),
  length: v.nullable(v.pipe(v.number(), v.minValue(0))),
});

const people = v.object({
  names: v.record(faceKey, name),
  sameAs: v.pipe(
    v.record(faceKey, faceId),
    // Faces count as earlier ones; a ring of them would never end.
    v.check((sameAs) => Object.entries(sameAs).every(([later, earlier]) => earlier < Number(later))),
  ),
});

const job = v.object({
  from: v.number(),
  to: v.nullable(v.number()),
  framesPerSecond: v.nullable(v.pipe(v.number(), v.gtValue(0))),
  phase: v.picklist(JOB_PHASES),
  smoothing: v.number(),
  reached: v.nullable(v.number()),
  frames: v.number(),
  lost: v.array(v.object({ from: v.number(), to: v.number() })),
  decoder: v.nullable(v.picklist(VIDEO_DECODERS)),
  codec: name,
  width: v.number(),
  height: v.number(),
  size: v.number(),
  error: v.nullable(wire),
  dismissed: v.exactOptional(v.literal(true)),
});

export const readingSchema: v.GenericSchema<unknown, SessionReading> = v.object({ ...reading, points: v.exactOptional(floats) });

export const itemSchema: v.GenericSchema<unknown, ItemRecord> = v.object({
  id,
  kind: v.picklist(['picture', 'video', 'camera']),
  name,
  phase: v.picklist(['waiting', 'reading', 'ready', 'failed']),
  error: v.nullable(wire),
  snapshot: v.nullable(snapshot),
  explanations: v.array(explanation),
  people,
  // Records of versions before there were marks have none.
  marks: v.optional(v.array(mark), []),
  jobs: v.exactOptional(v.array(job)),
  // They go into a prompt: no more of a foreign file than can be typed.
  words: v.exactOptional(
    v.pipe(
      text,
      v.transform((words) => words.slice(0, MAX_CHARACTERS)),
    ),
  ),
  cuts: v.exactOptional(v.array(v.object({ after: v.number(), time: v.number() }))),
  // Nor takes, before there were some.
  takes: v.optional(v.array(take), []),
  mirrored: v.boolean(),
});

const count = v.pipe(v.number(), v.minValue(0));
export const sessionSchema: v.GenericSchema<unknown, SessionRecord> = v.pipe(
  v.object({
    id,
    format: v.literal(FORMAT),
    app: name,
    createdAt: count,
    savedAt: count,
    task: v.picklist(TASKS),
    selectedId: v.nullable(id),
    itemIds: v.array(id),
    readings: count,
    bytes: count,
    deletedAt: v.nullable(count),
  }),
  v.check(({ itemIds }) => new Set(itemIds).size === itemIds.length),
);
