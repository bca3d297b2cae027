import { type MadeBy, type Mark, madeBy } from '../export/session.ts';
import type { WireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo, ReadyPart, SceneCut, StageTimes } from '../shared/events.ts';
import { EMOTION_LABELS, type EmotionLabel, type Prompting, STEPS, type Step, type Task } from '../shared/labels.ts';
import type { Answer, Evidence, Reading, TextLine } from '../shared/readings.ts';
import { assertNever } from '../shared/result.ts';
import { withCut } from './cuts.ts';
import { merged, NOBODY_KNOWN, type People, personOf, separated, withName } from './people.ts';
import type { Interruption } from './recovery.ts';
import { type Take, withTake } from './takes.ts';
import type { VideoJob } from './video-job.ts';

/** All that was read from one frame; `width` and `height` in px, what the boxes are measured in. */
export interface Snapshot {
  time: number;
  width: number;
  height: number;
  readings: Reading[];
}

export interface Explanation {
  runId: string;
  task: Task;
  /** Media time in seconds of the explained frame. */
  time: number;
  phase: 'queued' | 'running' | 'done' | 'stopped' | 'failed';
  /** The step being written; null before the first and after the last. */
  step: Step | null;
  error: WireError | null;
  prompt: string;
  promptTokens: number;
  /** Null until they were looked for. */
  words: TextLine[] | null;
  /** As the user typed them, in place of those on the picture; empty: there are none. Absent: nobody did. */
  wordsGiven?: string;
  steps: Record<Step, string>;
  evidence: Record<Step, Evidence[]>;
  answer: Answer | null;
  tokensPerSecond: number | null;
  times: StageTimes;
  /** Readings of the explained frame; null until they are there. */
  snapshot: Snapshot | null;
  /** At a peak: it began by itself there, or as one of many that were asked for together. */
  auto?: true;
  /** The explained frame of a camera or video, at most 96 px, as a data URL. */
  miniature?: string;
  /** Which model wrote it; absent before it has begun, and in records of earlier versions. */
  madeBy?: MadeBy;
  /** Asked for the answer alone; absent: with the four steps. */
  prompting?: 'plain';
}

export interface Item {
  id: string;
  kind: 'picture' | 'video' | 'camera';
  name: string;
  /** Object URL of a small picture; null until there is one. */
  thumbnail: string | null;
  phase: 'waiting' | 'reading' | 'ready' | 'failed';
  error: WireError | null;
  /** Of a picture, or where a camera or video stood when it was left; while it is live, readings are kept outside React. */
  snapshot: Snapshot | null;
  explanations: Explanation[];
  people: People;
  /** The user's own, by their time. */
  marks: readonly Mark[];
  /** Where the film was cut, by their time; absent where none was found. */
  cuts?: readonly SceneCut[];
  /** Videos that were recorded of a camera. */
  takes: readonly Take[];
  /** A video's analyses as a file, the newest last; those before it keep what they read of other stretches. */
  jobs?: readonly VideoJob[];
  /** What the user typed for the explanations to come, in place of the words on the picture; empty: there are none. Absent: they are read. */
  words?: string;
  /** Came back from the browser's storage: whole, or without its file. Absent for what was opened in this page. */
  kept?: 'whole' | 'readings';
}

/** Peaks of a recording that are explained one after another. */
export interface PeakRound {
  itemId: string;
  /** How many have had their turn, of how many. */
  done: number;
  all: number;
}

interface PartState {
  phase: 'loading' | 'ready' | 'failed';
  error: WireError | null;
}

export interface ModelState {
  parts: Record<ReadyPart, PartState>;
  /** Bytes over the whole pack; 0 while unknown. */
  loadedBytes: number;
  totalBytes: number;
  /** The part being fetched, and the bytes that were there when it began. */
  fetching: { part: ReadyPart; before: number } | null;
  info: ModelInfo | null;
}

export interface AnalysisState {
  model: ModelState;
  items: Item[];
  selectedId: string | null;
  /** Face that the user picked; null: the largest. */
  selectedFace: number | null;
  task: Task;
  /** How the next explanations are asked for. */
  prompting: Prompting;
  camera: 'off' | 'starting' | 'on';
  /** Video or camera of the selected item stands still at the user's wish. */
  paused: boolean;
  /** In the order in which they have their turn. */
  peakRounds: readonly PeakRound[];
  /** Which item each run belongs to. */
  runs: Record<string, string>;
  /** The item deleted last, until it is restored or given up. */
  deleted: { item: Item; index: number } | null;
  /** The faces merged last, until that is undone or given up: `faceId` counts as `into`. */
  merge: { itemId: string; faceId: number; into: number } | null;
  /** The mark deleted last, until it is restored or given up. */
  deletedMark: { itemId: string; mark: Mark } | null;
  /** Evidence whose place is shown now; without evidence, the explained frame as it is. */
  highlight: { runId: string; evidence: readonly Evidence[] | null } | null;
  /** Media time of the recorded frame that the stage shows in place of the present, in seconds; null: none. */
  replay: number | null;
  /** What failed with no item to say it beside: a camera that did not start, a file that is neither picture nor video. */
  notice: WireError | null;
  /** What comes before the first camera is shown. */
  cameraNotice: boolean;
  /**
   * The last time that the analysis was started again by itself, until the user has read it. `unread`: the stretch of a camera session that
   * was not read meanwhile, in seconds of media time; `to` is null while it goes on.
   */
  interruption: (Interruption & { unread: { itemId: string; from: number; to: number | null } | null }) | null;
}

type UserAction =
  | { type: 'item-added'; item: Pick<Item, 'id' | 'kind' | 'name'>; select: boolean }
  | { type: 'item-thumbnail'; itemId: string; url: string }
  | { type: 'item-ready'; itemId: string }
  | { type: 'item-failed'; itemId: string; error: WireError }
  | { type: 'item-selected'; itemId: string }
  | { type: 'item-whole'; itemId: string }
  | { type: 'jobs-set'; itemId: string; jobs: readonly VideoJob[] }
  | { type: 'live-left'; itemId: string; snapshot: Snapshot }
  | { type: 'item-deleted'; itemId: string }
  /** As if it had never been: it cannot be restored, what was deleted before it can. */
  | { type: 'item-dropped'; itemId: string }
  | { type: 'item-restored' }
  | { type: 'item-forgotten' }
  | { type: 'session-opened'; items: Item[]; selectedId: string | null; task: Task }
  | { type: 'error-dismissed'; itemId: string }
  | { type: 'face-selected'; faceId: number | null }
  | { type: 'face-named'; itemId: string; faceId: number; name: string }
  | { type: 'faces-merged'; itemId: string; faceId: number; into: number }
  | { type: 'faces-separated'; itemId: string; faceId: number }
  | { type: 'merge-accepted' }
  | { type: 'cut-found'; itemId: string; cut: SceneCut }
  /** Null: they are read from the picture. */
  | { type: 'words-set'; itemId: string; words: string | null }
  | { type: 'mark-set'; itemId: string; mark: Mark }
  | { type: 'mark-deleted'; itemId: string; markId: string }
  | { type: 'mark-restored' }
  | { type: 'mark-forgotten' }
  | { type: 'task-chosen'; task: Task }
  | { type: 'prompting-chosen'; prompting: Prompting }
  | { type: 'camera'; phase: AnalysisState['camera'] }
  | { type: 'paused'; paused: boolean }
  | { type: 'read-asked'; itemId: string; runId: string }
  | {
      type: 'explain-asked';
      itemId: string;
      runId: string;
      task: Task;
      time: number;
      snapshot: Snapshot | null;
      wordsGiven?: string | null;
      auto?: true;
    }
  | { type: 'explain-stopped'; runId: string }
  | { type: 'explain-anew'; runId: string }
  | { type: 'explain-withdrawn'; runId: string }
  | { type: 'peak-rounds'; rounds: readonly PeakRound[] }
  | { type: 'explain-pictured'; runId: string; miniature: string }
  | { type: 'highlight'; target: AnalysisState['highlight'] }
  | { type: 'take-set'; itemId: string; take: Take }
  | { type: 'take-deleted'; itemId: string; takeId: string }
  | { type: 'replay'; time: number | null }
  | { type: 'notice'; error: WireError | null }
  | { type: 'camera-notice'; open: boolean }
  | { type: 'load-begun' }
  | { type: 'interrupted'; interruption: Interruption | null }
  | { type: 'unread'; itemId: string; from: number; to: number | null };

export type Action = UserAction | { type: 'event'; event: AnalysisEvent };

const loadingPart: PartState = { phase: 'loading', error: null };
const startingModel: ModelState = {
  parts: { faces: loadingPart, reader: loadingPart, 'language-model': loadingPart },
  loadedBytes: 0,
  totalBytes: 0,
  fetching: null,
  info: null,
};

export const initialState: AnalysisState = {
  model: startingModel,
  items: [],
  selectedId: null,
  selectedFace: null,
  task: 'emotion',
  prompting: 'emoprompt',
  camera: 'off',
  paused: false,
  peakRounds: [],
  runs: {},
  deleted: null,
  merge: null,
  deletedMark: null,
  highlight: null,
  replay: null,
  notice: null,
  cameraNotice: false,
  interruption: null,
};

/** The page's state after one action: no clock, no DOM, no side effects. */
export function reduce(state: AnalysisState, action: Action): AnalysisState {
  switch (action.type) {
    case 'item-added':
      return {
        ...state,
        items: [
          ...state.items,
          {
            ...action.item,
            thumbnail: null,
            phase: 'waiting',
            error: null,
            snapshot: null,
            explanations: [],
            people: NOBODY_KNOWN,
            marks: [],
            takes: [],
          },
        ],
        notice: null,
        ...(action.select ? { selectedId: action.item.id, selectedFace: null, highlight: null, paused: false } : {}),
      };
    case 'item-thumbnail':
      return withItem(state, action.itemId, (item) => ({ ...item, thumbnail: action.url }));
    case 'item-ready':
      return withItem(state, action.itemId, (item) => ({ ...item, phase: 'ready', error: null }));
    case 'item-failed':
      return withItem(state, action.itemId, (item) => ({ ...item, phase: 'failed', error: action.error }));
    case 'item-selected':
      if (state.selectedId === action.itemId) return state;
      return { ...state, selectedId: action.itemId, selectedFace: null, highlight: null, paused: false };
    case 'item-whole':
      return withItem(state, action.itemId, (item) => ({ ...item, kept: 'whole' }));
    case 'jobs-set':
      return withItem(state, action.itemId, (item) => ({ ...item, jobs: action.jobs }));
    case 'live-left':
      return withItem(state, action.itemId, (item) => ({ ...item, snapshot: action.snapshot }));
    case 'item-deleted':
      return deleteItem(state, action.itemId);
    case 'item-restored': {
      if (!state.deleted) return state;
      const { item, index } = state.deleted;
      return {
        ...state,
        items: state.items.toSpliced(index, 0, item),
        selectedId: item.id,
        selectedFace: null,
        highlight: null,
        paused: false,
        deleted: null,
      };
    }
    case 'item-dropped':
      return { ...deleteItem(state, action.itemId), deleted: state.deleted };
    case 'item-forgotten':
      return { ...state, deleted: null };
    case 'session-opened': {
      const { items, selectedId, task } = action;
      return { ...initialState, model: state.model, prompting: state.prompting, items, selectedId, task };
    }
    case 'error-dismissed':
      return withItem(state, action.itemId, dismissed);
    case 'face-selected':
      return { ...state, selectedFace: action.faceId };
    case 'face-named':
      return withItem(state, action.itemId, (item) => ({ ...item, people: withName(item.people, action.faceId, action.name) }));
    case 'faces-merged':
      return mergeFaces(state, action.itemId, action.faceId, action.into);
    case 'faces-separated':
      return withItem({ ...state, merge: null }, action.itemId, (item) => ({ ...item, people: separated(item.people, action.faceId) }));
    case 'merge-accepted':
      return { ...state, merge: null };
    case 'cut-found':
      return withItem(state, action.itemId, (item) => ({ ...item, cuts: withCut(item.cuts ?? [], action.cut) }));
    case 'words-set':
      return withItem(state, action.itemId, (item) => withWords(item, action.words));
    case 'mark-set':
      return withItem(state, action.itemId, (item) => ({ ...item, marks: withMark(item.marks, action.mark) }));
    case 'mark-deleted': {
      const mark = state.items.find((item) => item.id === action.itemId)?.marks.find((each) => each.id === action.markId);
      if (!mark) return state;
      return withItem({ ...state, deletedMark: { itemId: action.itemId, mark } }, action.itemId, (item) => ({
        ...item,
        marks: item.marks.filter((each) => each !== mark),
      }));
    }
    case 'mark-restored': {
      if (!state.deletedMark) return state;
      const { itemId, mark } = state.deletedMark;
      return withItem({ ...state, deletedMark: null }, itemId, (item) => ({ ...item, marks: withMark(item.marks, mark) }));
    }
    case 'mark-forgotten':
      return { ...state, deletedMark: null };
    case 'task-chosen':
      return { ...state, task: action.task };
    case 'prompting-chosen':
      return { ...state, prompting: action.prompting };
    case 'camera':
      return { ...state, camera: action.phase };
    case 'paused':
      return { ...state, paused: action.paused };
    case 'read-asked':
      return withItem({ ...state, runs: { ...state.runs, [action.runId]: action.itemId } }, action.itemId, (item) => ({
        ...item,
        phase: item.phase === 'ready' ? 'ready' : 'reading',
        error: null,
      }));
    case 'explain-asked':
      return withItem({ ...state, runs: { ...state.runs, [action.runId]: action.itemId } }, action.itemId, (item) => ({
        ...item,
        explanations: [...item.explanations, queuedExplanation(action, state.prompting)],
      }));
    case 'explain-stopped':
      return withExplanation(state, action.runId, (run) => ({ ...run, phase: 'stopped' }));
    case 'explain-anew':
      return withExplanation(state, action.runId, (run) => ({ ...run, phase: 'queued', ...NOTHING_WRITTEN }));
    case 'explain-withdrawn':
      return withdrawn(state, action.runId);
    case 'peak-rounds':
      return { ...state, peakRounds: action.rounds };
    case 'explain-pictured':
      return withMiniature(state, action.runId, action.miniature);
    case 'highlight':
      return { ...state, highlight: action.target };
    case 'take-set':
      return withOwner(state, action.itemId, (item) => ({ ...item, takes: withTake(item.takes, action.take) }));
    case 'take-deleted':
      return withOwner(state, action.itemId, (item) => ({ ...item, takes: item.takes.filter(({ id }) => id !== action.takeId) }));
    case 'replay':
      return state.replay === action.time ? state : { ...state, replay: action.time };
    case 'notice':
      return { ...state, notice: action.error };
    case 'camera-notice':
      return { ...state, cameraNotice: action.open };
    case 'load-begun':
      return { ...state, model: startingModel, interruption: null };
    case 'interrupted':
      return { ...state, interruption: action.interruption && { ...action.interruption, unread: null } };
    case 'unread': {
      const { itemId, from, to } = action;
      return state.interruption ? { ...state, interruption: { ...state.interruption, unread: { itemId, from, to } } } : state;
    }
    case 'event':
      return afterEvent(state, action.event);
    default:
      return assertNever(action);
  }
}

function afterEvent(state: AnalysisState, event: AnalysisEvent): AnalysisState {
  switch (event.type) {
    case 'load-progress':
      return { ...state, model: loadingModel(state.model, event) };
    case 'ready':
      return withPart({ ...state, model: { ...state.model, info: event.info } }, event.part, { phase: 'ready', error: null });
    case 'load-failed':
      return withPart(state, event.part, { phase: 'failed', error: event.error });
    case 'started':
      return withExplanation(state, event.runId, (run) => ({
        ...run,
        phase: 'running',
        ...(state.model.info && { madeBy: madeBy(state.model.info) }),
      }));
    case 'readings':
      return withReadings(state, event);
    case 'video-opened':
    case 'video-lost':
      return state; // of jobs, which hear them themselves
    case 'words':
      return withExplanation(state, event.runId, (run) => ({ ...run, words: event.lines, times: { ...run.times, ...event.times } }));
    case 'prompt':
      return withExplanation(state, event.runId, (run) => ({ ...run, prompt: event.text, promptTokens: event.promptTokens }));
    case 'step':
      return withExplanation(state, event.runId, (run) => ({ ...run, step: event.step }));
    case 'text':
      return withExplanation(state, event.runId, (run) => ({
        ...run,
        step: event.step,
        steps: { ...run.steps, [event.step]: run.steps[event.step] + event.delta },
      }));
    case 'evidence':
      return withExplanation(state, event.runId, (run) => ({ ...run, evidence: { ...run.evidence, [event.step]: event.evidence } }));
    case 'decode-speed':
      return withExplanation(state, event.runId, (run) => ({ ...run, tokensPerSecond: event.tokensPerSecond }));
    case 'answer':
      return withExplanation(state, event.runId, (run) => ({ ...run, answer: event.answer, times: { ...run.times, ...event.times } }));
    case 'done':
      return withExplanation(
        forgetRun(state, event.runId),
        event.runId,
        (run) => ({ ...run, phase: 'done', step: null }),
        state.runs[event.runId],
      );
    case 'failed':
      return afterFailure(state, event.runId, event.error);
    default:
      return assertNever(event);
  }
}

function withItem(state: AnalysisState, id: string, change: (item: Item) => Item): AnalysisState {
  return { ...state, items: state.items.map((item) => (item.id === id ? change(item) : item)) };
}

/** As `withItem`, also where the item was deleted and can still be restored: a recording is whole a while after it ended. */
function withOwner(state: AnalysisState, id: string, change: (item: Item) => Item): AnalysisState {
  const { deleted } = state;
  if (deleted?.item.id !== id) return withItem(state, id, change);
  return { ...state, deleted: { ...deleted, item: change(deleted.item) } };
}

/** Changes a run that is still open; what comes late for a stopped or ended one changes nothing. */
function withExplanation(
  state: AnalysisState,
  runId: string,
  change: (run: Explanation) => Explanation,
  itemId: string | undefined = state.runs[runId],
): AnalysisState {
  if (itemId === undefined) return state;
  return withItem(state, itemId, (item) => ({
    ...item,
    explanations: item.explanations.map((run) => (run.runId === runId && isOpen(run) ? change(run) : run)),
  }));
}

/** Also of a run that has ended meanwhile. */
function withMiniature(state: AnalysisState, runId: string, miniature: string): AnalysisState {
  const item = itemOfRun(state, runId);
  if (!item) return state;
  return withItem(state, item.id, (each) => ({
    ...each,
    explanations: each.explanations.map((run) => (run.runId === runId ? { ...run, miniature } : run)),
  }));
}

/** As if it had never been asked for. */
function withdrawn(state: AnalysisState, runId: string): AnalysisState {
  const item = itemOfRun(state, runId);
  if (!item) return state;
  const next = state.highlight?.runId === runId ? { ...state, highlight: null } : state;
  return withItem(forgetRun(next, runId), item.id, (each) => ({
    ...each,
    explanations: each.explanations.filter((run) => run.runId !== runId),
  }));
}

function withWords({ words: _, ...item }: Item, words: string | null): Item {
  return words === null ? item : { ...item, words };
}

/** In place of the mark of that id, if there is one. */
function withMark(marks: readonly Mark[], mark: Mark): Mark[] {
  return [...marks.filter((each) => each.id !== mark.id), mark].sort((a, b) => a.time - b.time);
}

function withPart(state: AnalysisState, name: ReadyPart, part: PartState): AnalysisState {
  return { ...state, model: { ...state.model, parts: { ...state.model.parts, [name]: part } } };
}

function loadingModel(model: ModelState, event: Extract<AnalysisEvent, { type: 'load-progress' }>): ModelState {
  const fetching = model.fetching?.part === event.part ? model.fetching : { part: event.part, before: model.loadedBytes };
  return { ...model, fetching, loadedBytes: event.loadedBytes, totalBytes: event.totalBytes };
}

function withReadings(state: AnalysisState, event: Extract<AnalysisEvent, { type: 'readings' }>): AnalysisState {
  const itemId = state.runs[event.runId];
  if (itemId === undefined) return state;
  const snapshot: Snapshot = { time: event.time, width: event.width, height: event.height, readings: event.readings };
  return withItem(state, itemId, (item) => {
    const explained = item.explanations.some((run) => run.runId === event.runId);
    if (explained) {
      return {
        ...item,
        explanations: item.explanations.map((run) =>
          run.runId === event.runId && isOpen(run) ? { ...run, snapshot, times: { ...run.times, ...event.times } } : run,
        ),
        ...(item.kind === 'picture' && !item.snapshot ? { snapshot, phase: 'ready' } : {}),
      };
    }
    return { ...item, snapshot, phase: 'ready', error: null };
  });
}

function afterFailure(state: AnalysisState, runId: string, error: WireError): AnalysisState {
  const itemId = state.runs[runId];
  if (itemId === undefined) return state;
  const next = forgetRun(state, runId);
  return withItem(next, itemId, (item) => {
    if (item.explanations.some((run) => run.runId === runId)) {
      return {
        ...item,
        explanations: item.explanations.map((run) => {
          if (run.runId !== runId || !isOpen(run)) return run;
          return error.code === 'cancelled' ? { ...run, phase: 'stopped' } : { ...run, phase: 'failed', error };
        }),
      };
    }
    if (error.code === 'cancelled') return { ...item, phase: item.snapshot ? 'ready' : 'waiting' };
    return { ...item, phase: item.snapshot ? 'ready' : 'failed', error };
  });
}

function forgetRun(state: AnalysisState, runId: string): AnalysisState {
  const { [runId]: _ended, ...runs } = state.runs;
  return { ...state, runs };
}

/** Whether loading or going on may mend it: nothing is wrong with the file or the camera itself. */
export const isMendable = ({ code }: WireError): boolean => !/^(file|picture|video|camera)-/.test(code);

/** A camera or video that failed while it was read goes on; a picture is read again, which tells how that goes. */
function dismissed(item: Item): Item {
  const goesOn = item.kind !== 'picture' && item.phase === 'failed' && item.error !== null && isMendable(item.error);
  return { ...item, error: null, phase: goesOn ? 'ready' : item.phase };
}

function deleteItem(state: AnalysisState, itemId: string): AnalysisState {
  const index = state.items.findIndex((item) => item.id === itemId);
  const item = state.items[index];
  if (!item) return state;
  const items = state.items.toSpliced(index, 1);
  const neighbour = items[Math.min(index, items.length - 1)];
  return {
    ...state,
    items,
    deleted: { item: { ...item, explanations: item.explanations.map((run) => (isOpen(run) ? { ...run, phase: 'stopped' } : run)) }, index },
    ...(state.selectedId === itemId ? { selectedId: neighbour?.id ?? null, selectedFace: null, highlight: null, paused: false } : {}),
    ...(state.merge?.itemId === itemId ? { merge: null } : {}),
    ...(state.deletedMark?.itemId === itemId ? { deletedMark: null } : {}),
  };
}

function mergeFaces(state: AnalysisState, itemId: string, a: number, b: number): AnalysisState {
  const item = state.items.find((each) => each.id === itemId);
  if (!item) return state;
  const people = merged(item.people, a, b);
  if (people === item.people) return state;
  const into = personOf(people, a);
  const faceId = personOf(item.people, a) === into ? personOf(item.people, b) : personOf(item.people, a);
  const next = withItem({ ...state, merge: { itemId, faceId, into } }, itemId, (each) => ({ ...each, people }));
  return state.selectedId === itemId && state.selectedFace === faceId ? { ...next, selectedFace: into } : next;
}

const NOTHING_WRITTEN = {
  step: null,
  prompt: '',
  promptTokens: 0,
  words: null,
  steps: { observe: '', cues: '', reason: '', answer: '' },
  evidence: { observe: [], cues: [], reason: [], answer: [] },
  answer: null,
  tokensPerSecond: null,
  times: {},
} satisfies Partial<Explanation>;

function queuedExplanation(action: Extract<UserAction, { type: 'explain-asked' }>, prompting: Prompting): Explanation {
  return {
    runId: action.runId,
    task: action.task,
    time: action.time,
    phase: 'queued',
    error: null,
    ...NOTHING_WRITTEN,
    snapshot: action.snapshot,
    ...(typeof action.wordsGiven === 'string' && { wordsGiven: action.wordsGiven }),
    ...(action.auto ? { auto: true } : {}),
    ...(prompting === 'plain' && { prompting }),
  };
}

/** Queued or being written. */
export function isOpen(run: Explanation): boolean {
  return run.phase === 'queued' || run.phase === 'running';
}

export function selectedItem(state: AnalysisState): Item | null {
  return state.items.find((item) => item.id === state.selectedId) ?? null;
}

/** The item that a run explains. */
export function itemOfRun(state: AnalysisState, runId: string): Item | null {
  return state.items.find((item) => item.explanations.some((run) => run.runId === runId)) ?? null;
}

/** The run being written, if any; at most one at a time. */
export function runningExplanation(state: AnalysisState): Explanation | null {
  for (const item of state.items) {
    const run = item.explanations.find((candidate) => candidate.phase === 'running');
    if (run) return run;
  }
  return null;
}

/** Whether Stop has something to stop. */
export function canStop(state: AnalysisState): boolean {
  return state.camera !== 'off' || state.peakRounds.length > 0 || state.items.some((item) => item.explanations.some(isOpen));
}

/** The largest face of a frame: the one that a text about “the face” speaks of. */
export function mainFace(readings: Reading[]): Reading | null {
  return readings.reduce<Reading | null>(
    (best, reading) => (best === null || reading.box.width * reading.box.height > best.box.width * best.box.height ? reading : best),
    null,
  );
}

/** Whether a face is the one that is shown first where none was picked. */
export function isMainFace(snapshot: Snapshot | null, faceId: number): boolean {
  return mainFace(snapshot?.readings ?? [])?.faceId === faceId;
}

/** Steps light up in turn: done, being written, to come. */
export function stepPhase(run: Explanation, step: Step): 'ahead' | 'current' | 'past' {
  if (run.phase === 'done') return 'past';
  if (run.step === null) return 'ahead';
  const at = STEPS.indexOf(run.step);
  const index = STEPS.indexOf(step);
  return index < at ? 'past' : index === at ? 'current' : 'ahead';
}

/**
 * Where the face reader and the text name different emotions: what each says. Null where they
 * agree, where the task is another one, or where there is no face or no answer. Of several faces the
 * largest counts.
 */
export function disagreement(run: Explanation): { reader: EmotionLabel | 'uncertain'; text: EmotionLabel } | null {
  if (run.task !== 'emotion' || !run.answer || !run.snapshot) return null;
  const text = EMOTION_LABELS.find((label) => label === run.answer?.text.trim().toLowerCase());
  const face = mainFace(run.snapshot.readings);
  if (!text || !face || face.emotion === text) return null;
  return { reader: face.emotion, text };
}
