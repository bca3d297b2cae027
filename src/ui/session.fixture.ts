/** A page without a screen for tests of what is kept: the state, and a source whose pictures are words. */
import type { Explanation } from './analysis-state.ts';
import type { ReadingRows } from './kept-readings.ts';
import type { SessionSource, Standing } from './session-keeper.ts';
import { itemFrom, type KeptSession } from './session-record.ts';
import { StateStore } from './state-store.ts';

/** An explanation of emotion that is done and says nothing. */
export const explained = (changes: Partial<Explanation> = {}): Explanation => ({
  runId: 'r1',
  task: 'emotion',
  time: 0,
  phase: 'done',
  step: null,
  error: null,
  prompt: '',
  promptTokens: 0,
  words: null,
  steps: { observe: '', cues: '', reason: '', answer: '' },
  evidence: { observe: [], cues: [], reason: [], answer: [] },
  answer: null,
  tokensPerSecond: null,
  times: {},
  snapshot: null,
  ...changes,
});

export class FakePage implements SessionSource {
  readonly store = new StateStore();
  readonly recorded = new Map<string, ReadingRows>();
  readonly files = new Map<string, Blob>();
  readonly thumbnails = new Map<string, Blob>();
  readonly frames = new Map<string, Blob>();
  readonly standings = new Map<string, Standing>();
  readonly takes = new Map<string, Blob>();

  file = (itemId: string): Blob | null => this.files.get(itemId) ?? null;
  thumbnail = (itemId: string): Blob | null => this.thumbnails.get(itemId) ?? null;
  take = (takeId: string): Blob | null => this.takes.get(takeId) ?? null;
  isMirrored = (): boolean => true;
  explainedFrame = async (runId: string): Promise<Blob | null> => this.frames.get(runId) ?? null;
  standing = async (itemId: string): Promise<Standing | null> => this.standings.get(itemId) ?? null;
  rest(): void {}

  openSession(session: KeptSession | null): void {
    for (const each of [this.recorded, this.files, this.thumbnails, this.frames, this.standings, this.takes]) each.clear();
    for (const { record, readings, file, thumbnail, frames, takes } of session?.items ?? []) {
      if (record.kind !== 'picture') this.recorded.set(record.id, readings);
      if (file) this.files.set(record.id, file);
      if (thumbnail) this.thumbnails.set(record.id, thumbnail);
      for (const [runId, blob] of frames) this.frames.set(runId, blob);
      for (const [takeId, blob] of takes) this.takes.set(takeId, blob);
    }
    const items = (session?.items ?? []).map(itemFrom);
    this.store.dispatch({
      type: 'session-opened',
      items,
      selectedId: session?.record.selectedId ?? null,
      task: session?.record.task ?? 'emotion',
    });
  }
}
