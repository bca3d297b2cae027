import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { comparisonCsv, comparisonJson } from '../export/comparison.ts';
import { wireError } from '../shared/errors.ts';
import type { AnalysisEvent, ModelInfo } from '../shared/events.ts';
import type { ExplainOptions, LoadOptions } from '../workers/client.ts';
import type { Analyzer } from './analyzer.ts';
import { comparedPicture } from './compared-picture.ts';
import type { FrozenFrame } from './frozen-frame.ts';
import { OWN_PACK, type PackChoice } from './pack-choice.ts';
import { PackComparison, type Side } from './pack-comparison.ts';

const INFO: ModelInfo = { packId: 'tiny', packVersion: '1', packHash: 'f', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
const SMOL = { id: 'smol', revision: 'c'.repeat(40), dtypes: { decoder: 'q4' }, device: 'wasm' };
const FOUNDATION: PackChoice = { foundation: 'smol', storedPack: null };
const LOAD: LoadOptions = { packUrl: 'http://x/tiny/', wasmUrl: 'http://x/ort/', backend: 'auto', graphBackends: {}, threads: 0 };
const own: Side = { packs: OWN_PACK, prompting: 'emoprompt' };
const plain: Side = { packs: OWN_PACK, prompting: 'plain' };
const smol: Side = { packs: FOUNDATION, prompting: 'emoprompt' };

interface Scene {
  /** What the pack in use answers. */
  answer?: (packs: PackChoice) => string;
  info?: (packs: PackChoice) => ModelInfo;
  /** Ends only when it is stopped. */
  hangs?: boolean;
  /** Has no answer. */
  fails?: boolean;
  memory?: () => Promise<number | null>;
}

function setUp({
  answer = () => 'fear',
  info = ({ foundation }) => (foundation ? { ...INFO, foundation: SMOL } : INFO),
  hangs = false,
  fails = false,
  memory = async () => 7e8,
}: Scene) {
  const made: { packs: PackChoice; open: boolean; asked: ExplainOptions[] }[] = [];
  const close = vi.fn();
  const frame: FrozenFrame = {
    image: { close, width: 4, height: 4 } as unknown as ImageBitmap,
    kind: 'picture',
    name: 'a.png',
    time: 0,
    words: 'hi',
    preview: null,
  };
  const clock = { now: 0 };
  const comparison = new PackComparison({
    startAnalyzer: (hear) => {
      const analyzer = { packs: OWN_PACK, open: true, asked: [] as ExplainOptions[] };
      made.push(analyzer);
      return {
        load: async ({ foundation = null, storedPack = null }: LoadOptions) => {
          analyzer.packs = { foundation, storedPack };
          clock.now += 2000;
          hear({ type: 'load-progress', part: 'faces', loadedBytes: 5, totalBytes: foundation ? 9 : 7 });
          hear({ type: 'ready', part: 'language-model', info: info(analyzer.packs) });
        },
        explain: (signal: AbortSignal, given: { image: { close(): void } }, options: ExplainOptions) => {
          given.image.close();
          analyzer.asked.push(options);
          const { runId } = options;
          const say = (event: AnalysisEvent) => hear(event);
          say({ type: 'started', runId, task: options.task, time: 0 });
          if (hangs) {
            return new Promise<void>((resolve) =>
              signal.addEventListener('abort', () => {
                say({ type: 'failed', runId, error: wireError('cancelled', 'Stopped.', '') });
                resolve();
              }),
            );
          }
          clock.now += 500;
          if (fails) {
            say({ type: 'failed', runId, error: wireError('internal', 'It failed.', '') });
            return Promise.resolve();
          }
          say({
            type: 'answer',
            runId,
            answer: { text: answer(analyzer.packs), distribution: [{ option: 'fear', probability: 0.5 }] },
            times: { prefill: 80 },
          });
          say({ type: 'done', runId });
          return Promise.resolve();
        },
        dispose: () => {
          analyzer.open = false;
        },
        read: async () => {},
        analyzeVideo: async () => {},
        requests: async () => null,
      } as unknown as Analyzer;
    },
    loadOptions: (packs) => ({ ...LOAD, ...packs }),
    frame: async () => frame,
    memory,
    now: () => clock.now,
  });
  return { comparison, made, close, clock, frame };
}

beforeEach(() => {
  vi.stubGlobal('createImageBitmap', async () => ({ close: () => {} }));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('PackComparison', () => {
  it('has both look at the frozen frame, one after the other, with never more than one loaded', async () => {
    const { comparison, made } = setUp({ answer: ({ foundation }) => (foundation ? 'anger' : 'fear') });
    await comparison.open();
    let most = 0;
    comparison.subscribe(() => {
      most = Math.max(most, made.filter(({ open }) => open).length);
    });
    await comparison.start([own, smol], 'emotion', true);
    expect(most).toBe(1);
    expect(made.map(({ packs, open }) => [packs, open])).toEqual([
      [OWN_PACK, false],
      [FOUNDATION, false],
    ]);
    const { running, outcomes } = comparison.get();
    expect(running).toBeNull();
    expect(outcomes.map((each) => [each?.run.answer?.text, each?.seconds, each?.loadSeconds, each?.filesBytes, each?.memoryBytes])).toEqual(
      [
        ['fear', 0.5, 2, 7, 7e8],
        ['anger', 0.5, 2, 9, 7e8],
      ],
    );
    expect(outcomes[1]?.run.madeBy).toEqual({ packId: 'tiny', packVersion: '1', foundation: SMOL });
  });

  it('loads one pack once where it is asked in two ways, with the words that the user typed', async () => {
    const { comparison, made } = setUp({});
    await comparison.open();
    await comparison.start([own, plain], 'sarcasm');
    expect(made).toHaveLength(1);
    expect(made[0]?.asked.map(({ prompting, task, words, readings }) => [prompting, task, words, readings])).toEqual([
      ['emoprompt', 'sarcasm', 'hi', null],
      ['plain', 'sarcasm', 'hi', null],
    ]);
    expect(comparison.get().outcomes[1]).toMatchObject({ loadSeconds: null, run: { prompting: 'plain', phase: 'done' } });
  });

  it('does not pass the answer of the page’s own model off as that of a pack which could not be loaded', async () => {
    const { comparison, made } = setUp({ info: () => ({ ...INFO, notes: ['The pack is damaged.'] }) });
    await comparison.open();
    await comparison.start([smol, own], 'emotion');
    const [a, b] = comparison.get().outcomes;
    expect(a?.run).toMatchObject({ phase: 'failed', answer: null, error: { code: 'model-not-ready', detail: 'The pack is damaged.' } });
    expect(made[0]?.asked).toEqual([]);
    expect(b?.run.answer?.text).toBe('fear');
  });

  it('stops where it is, and gives the memory back', async () => {
    const { comparison, made } = setUp({ hangs: true });
    await comparison.open();
    const done = comparison.start([own, smol], 'emotion');
    await vi.waitFor(() => expect(comparison.get().running?.phase).toBe('answering'));
    await vi.waitFor(() => expect(made[0]?.asked).toHaveLength(1));
    comparison.close();
    await done;
    expect(comparison.get()).toMatchObject({ running: null, open: false, outcomes: [{ run: { phase: 'stopped' } }, null] });
    expect(made.map(({ open }) => open)).toEqual([false]);
  });

  it('asks for the memory while the model is at work, and keeps it loaded until the browser has told', async () => {
    const tell: ((bytes: number) => void)[] = [];
    const { comparison, made } = setUp({ memory: () => new Promise((resolve) => tell.push(resolve)) });
    await comparison.open();
    const done = comparison.start([own, smol], 'emotion', true);
    await vi.waitFor(() => expect(comparison.get().running?.phase).toBe('measuring'));
    expect(comparison.get().outcomes[0]).toMatchObject({ seconds: 0.5, memoryBytes: null, run: { phase: 'done' } });
    expect(made.map(({ open }) => open)).toEqual([true]);
    tell[0]?.(7e8);
    await vi.waitFor(() => expect(comparison.get().running).toMatchObject({ at: 1, phase: 'measuring' }));
    // Who does not wait has everything else.
    comparison.stop();
    await done;
    expect(comparison.get()).toMatchObject({ running: null, measures: true });
    expect(comparison.get().outcomes.map((each) => [each?.run.phase, each?.seconds, each?.memoryBytes])).toEqual([
      ['done', 0.5, 7e8],
      ['done', 0.5, null],
    ]);
  });

  it('does not ask for the memory where nobody wants to wait for it', async () => {
    const memory = vi.fn(async () => 7e8);
    const { comparison } = setUp({ memory });
    await comparison.open();
    await comparison.start([own, smol], 'emotion');
    expect(memory).not.toHaveBeenCalled();
  });

  it('does not wait for the memory of one that failed, nor where it is stopped as soon as it has answered', async () => {
    const memory = () => new Promise<null>(() => {});
    const failing = setUp({ memory, fails: true });
    await failing.comparison.open();
    await failing.comparison.start([own, plain], 'emotion', true);
    expect(failing.comparison.get().outcomes.map((each) => each?.run.phase)).toEqual(['failed', 'failed']);

    const { comparison } = setUp({ memory });
    await comparison.open();
    comparison.subscribe(() => {
      if (comparison.get().outcomes[0]?.run.phase === 'done') comparison.stop();
    });
    await comparison.start([own, smol], 'emotion', true);
    expect(comparison.get()).toMatchObject({
      running: null,
      outcomes: [{ run: { phase: 'done' }, seconds: 0.5, memoryBytes: null }, null],
    });
  });

  it('takes the frame anew each time it is opened, and lets go of the last', async () => {
    const { comparison, close } = setUp({});
    await comparison.open();
    await comparison.start([own, plain], 'emotion');
    await comparison.open();
    expect(close).toHaveBeenCalledTimes(1);
    expect(comparison.get().outcomes).toEqual([null, null]);
  });

  it('exports both sides with what made them', async () => {
    const { comparison, frame } = setUp({});
    await comparison.open();
    await comparison.start([plain, smol], 'emotion');
    const told = comparedPicture(comparison.get(), frame, '0.1.0');
    const json = JSON.parse(comparisonJson(told, new Date(0)));
    expect(json).toMatchObject({
      format: 'emollm-comparison-1',
      picture: { name: 'a.png', wordsGiven: 'hi' },
      sides: [
        { side: 'A', prompting: 'plain', calibrated: false, outcome: 'done', seconds: 0.5, times: { prefill: 80 } },
        { side: 'B', prompting: 'emoprompt', calibrated: false, madeBy: { foundation: SMOL } },
      ],
    });
    const [header = '', ...rows] = comparisonCsv(told).trimEnd().split('\r\n');
    const column = header.split(',').indexOf('language_model');
    expect(rows.map((row) => row.split(',')[column])).toEqual(['tiny 1', `smol@${'c'.repeat(40)} wasm decoder=q4`]);
  });
});
