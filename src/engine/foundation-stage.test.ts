import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FoundationManifest } from '../model/foundation-manifest.ts';
import type { FoundationQuestion, WriteOptions } from '../model/foundation-model.ts';
import type { Frame } from '../model/image.ts';
import { throwIfCancelled } from '../model/language-model.ts';
import { parseManifest } from '../model/manifest.ts';
import type { AnalysisEvent } from '../shared/events.ts';
import { EMOTION_LABELS } from '../shared/labels.ts';
import type { Reading } from '../shared/readings.ts';
import type { DeepRequest } from './deep-path.ts';
import { FoundationStage, NO_ANSWER } from './foundation-stage.ts';
import type { WordsPart } from './load.ts';

const parsed = parseManifest(JSON.parse(readFileSync(new URL('../../public/models/emollm-s/manifest.json', import.meta.url), 'utf8')));
if (!parsed.ok) throw new Error(parsed.error.detail);
const pack = parsed.value;
const frame: Frame = { width: 64, height: 64, data: new Uint8ClampedArray(64 * 64 * 4).fill(90), time: 0 };
const words = { textClassifier: null } as WordsPart;
const reading: Reading = {
  faceId: 7,
  time: 0,
  box: { x: 8, y: 8, width: 20, height: 20 },
  roll: 0,
  score: 1,
  probabilities: Object.fromEntries(EMOTION_LABELS.map((label) => [label, 1 / 8])) as Reading['probabilities'],
  emotion: 'uncertain',
  valence: 0.5,
  arousal: 0.1,
  actionUnits: [{ code: 'AU12', probability: 0.9 }],
  traits: [],
  landmarks: new Float32Array(),
};

/** Says what it is told to say, turn after turn, a few characters at a time. */
function fakeStage(
  says: string[],
  { answers = 'scored', most = 4 }: Partial<Pick<FoundationManifest, 'answers'>> & { most?: number } = {},
) {
  const asked: FoundationQuestion[] = [];
  const scored: { head: string; options: readonly string[] }[] = [];
  let open = 0;
  let writing = false;
  let disposedWhileWriting = false;
  let written = 0;
  const model = {
    manifest: {
      id: 'fake',
      hub: { repo: 'a/b', revision: 'c'.repeat(40) },
      maxNewTokens: 200,
      answers,
      pictures: { most },
    } as FoundationManifest,
    device: 'wasm' as const,
    dtypes: { decoder_model_merged: 'q4' },
    dispose: async () => {},
    ask: async (signal: AbortSignal, question: FoundationQuestion) => {
      throwIfCancelled(signal);
      asked.push(question);
      open += 1;
      const turn = says[asked.length - 1] ?? '';
      const say = async (run: AbortSignal, ids: number[], maxNewTokens: number, onText: WriteOptions['onText']): Promise<number[]> => {
        for (const piece of turn.match(/[\s\S]{1,4}/g) ?? []) {
          throwIfCancelled(run);
          if (ids.length === maxNewTokens) break;
          ids.push(ids.length);
          written += 1;
          const isOver = onText(piece, ids.length);
          await new Promise((goOn) => setTimeout(goOn));
          if (isOver) break;
        }
        return ids;
      };
      return {
        promptTokens: 11,
        write: async (run: AbortSignal, { maxNewTokens, onText }: WriteOptions) => {
          const ids: number[] = [];
          writing = true;
          await Promise.resolve();
          try {
            return await say(run, ids, maxNewTokens, onText);
          } finally {
            writing = false;
          }
        },
        score: async (_: AbortSignal, head: string, options: readonly string[]) => {
          scored.push({ head, options });
          return options.map((_option, index) => (index === 1 ? 0.7 : 0.3 / (options.length - 1)));
        },
        dispose: () => {
          disposedWhileWriting ||= writing;
          open -= 1;
        },
      };
    },
  };
  const stage = new FoundationStage(model as unknown as ConstructorParameters<typeof FoundationStage>[0], words, pack);
  return { stage, asked, scored, open: () => open, disposedWhileWriting: () => disposedWhileWriting, written: () => written };
}

const request = (changes: Partial<DeepRequest> = {}): DeepRequest => ({
  runId: 'run',
  task: 'emotion',
  readings: [reading],
  words: '',
  maxNewTokens: 160,
  options: null,
  prompting: 'emoprompt',
  ...changes,
});

async function explain(fake: ReturnType<typeof fakeStage>, changes: Partial<DeepRequest> = {}, signal = new AbortController().signal) {
  const events: AnalysisEvent[] = [];
  for await (const event of fake.stage.explain(signal, frame, request(changes))) events.push(event);
  const text = (step: string) => events.flatMap((event) => (event.type === 'text' && event.step === step ? [event.delta] : [])).join('');
  const answer = events.find((event) => event.type === 'answer')?.answer;
  return { events, text, answer, steps: events.flatMap((event) => (event.type === 'step' ? [event.step] : [])) };
}

const TEXT = ' One face.\nCues: Lip corners pulled up (AU12), brows raised (AU02).\nReason: A smile.\nAnswer:';

describe('a foundation model in the language model’s place', () => {
  it('tells the same events: prompt, four steps with their evidence, an answer with its distribution', async () => {
    const fake = fakeStage([TEXT]);
    const { events, steps, text, answer } = await explain(fake);
    expect(events[0]).toMatchObject({ type: 'prompt', promptTokens: 11 });
    expect(steps).toEqual(['observe', 'cues', 'reason', 'answer']);
    expect(text('reason').trim()).toBe('A smile.');
    const cues = events.find((event) => event.type === 'evidence' && event.step === 'cues');
    // What was measured on the face, and what the text made up.
    expect(cues).toMatchObject({
      evidence: [
        { kind: 'action-unit', code: 'AU02', faceIds: [] },
        { kind: 'action-unit', code: 'AU12', faceIds: [7] },
      ],
    });
    expect(answer?.text).toBe('happiness');
    expect(answer?.distribution.map((entry) => entry.option)).toEqual(pack.prompt.tasks.emotion.options);
    expect(events.some((event) => event.type === 'decode-speed')).toBe(true);
    expect(events.at(-1)?.type).toBe('answer');
    expect(fake.open()).toBe(0);
  });

  it('shows faces close up behind the whole picture, as many as the model takes', async () => {
    const many = Array.from({ length: 6 }, (_, index) => ({ ...reading, faceId: index }));
    const four = fakeStage([TEXT]);
    await explain(four, { readings: many });
    expect(four.asked[0]?.pictures).toHaveLength(4);
    const one = fakeStage([TEXT], { most: 1 });
    await explain(one, { readings: many });
    expect(one.asked[0]?.pictures).toEqual([frame]);
    expect(one.asked[0]?.user).not.toContain('close up');
  });

  it('scores behind a head of its own where the text ends without one', async () => {
    const fake = fakeStage([' One face, and so on']);
    const { answer, steps } = await explain(fake);
    expect(fake.scored[0]?.head).toBe('\nAnswer:');
    expect(answer?.text).toBe('happiness');
    expect(steps).toEqual(['observe', 'answer']);
  });

  it('asks for the answer alone in plain prompting, and writes nothing', async () => {
    const fake = fakeStage(['']);
    const { steps, answer } = await explain(fake, { prompting: 'plain' });
    expect(steps).toEqual(['answer']);
    expect(answer?.distribution).toHaveLength(8);
    expect(fake.scored).toHaveLength(1);
  });

  it('takes a free answer from the text, and asks again where the text has none', async () => {
    const there = await explain(fakeStage([`${TEXT} quiet joy\nExample`]), { task: 'emotion-open' });
    expect(there.answer).toEqual({ text: 'quiet joy', distribution: [] });
    const fake = fakeStage([' One face.\nReason: A smile.', ' joy\n']);
    const again = await explain(fake, { task: 'emotion-open' });
    expect(fake.asked[1]?.prefix).toBe('Observe: One face.\nReason: A smile.\nAnswer:');
    expect(again.answer?.text).toBe('joy');
    expect(again.steps.at(-1)).toBe('answer');
  });

  it('stops at once where it is cancelled, and leaves nothing open', async () => {
    const fake = fakeStage([TEXT.repeat(3)]);
    const stop = new AbortController();
    const run = fake.stage.explain(stop.signal, frame, request());
    await run.next();
    stop.abort();
    await expect(
      (async () => {
        for await (const _ of run);
      })(),
    ).rejects.toMatchObject({ error: { code: 'cancelled' } });
    expect(fake.open()).toBe(0);
  });
});

it('lets the model come to rest before its text is let go, where nobody listens any more', async () => {
  const fake = fakeStage([TEXT.repeat(3)]);
  const run = fake.stage.explain(new AbortController().signal, frame, request());
  for await (const event of run) if (event.type === 'text') break;
  expect([fake.open(), fake.disposedWhileWriting()]).toEqual([0, false]);
  // Nor does it write on for nobody.
  expect(fake.written()).toBeLessThan(TEXT.length / 4);
});

it('writes no more than it is asked for, and no more than its pack allows', async () => {
  for (const [asked, most] of [
    [20, 20],
    [5000, 200],
  ] as const) {
    const fake = fakeStage([' and so on'.repeat(500)]);
    await explain(fake, { maxNewTokens: asked });
    expect(fake.written()).toBe(most);
  }
});

describe('a model whose options cannot be scored', () => {
  it('is taken at its word', async () => {
    const fake = fakeStage([`${TEXT} **Happiness**.`], { answers: 'parsed' });
    const { answer, text } = await explain(fake);
    expect(answer).toEqual({ text: 'happiness', distribution: [] });
    expect(text('answer').trim()).toBe('Happiness.');
    expect(fake.asked).toHaveLength(1);
  });

  it('is asked once more where its answer is none of the options', async () => {
    const fake = fakeStage([`${TEXT} happiness or sadness`, ' sadness'], { answers: 'parsed' });
    const { answer } = await explain(fake);
    expect(fake.asked[1]?.user).toContain('Write one of these');
    expect(fake.asked.map(({ pictures }) => pictures.length)).toEqual([2, 1]); // the face close up has said what it has to say
    expect(answer?.text).toBe('sadness');
  });

  it('has no answer where that does not help', async () => {
    const { answer } = await explain(fakeStage([`${TEXT} cheese`, ' cheese'], { answers: 'parsed' }));
    expect(answer).toEqual({ text: NO_ANSWER, distribution: [] });
  });
});
