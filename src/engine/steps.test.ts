import { describe, expect, it } from 'vitest';
import type { Sequence } from '../model/language-model.ts';
import { ArrayLogits, type Logits } from '../model/logits.ts';
import { createTextStream, type Tokenizer } from '../model/tokenizer.ts';
import { Decision } from './decision.ts';
import { decodeSteps, type StepEvent, type StepOptions } from './steps.ts';

const STOP = 0;
/** Each character is an id. */
const encode = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0));
const decode = (ids: readonly number[]): string => String.fromCharCode(...ids);
const tokenizer: Tokenizer = { encode, decode, stream: () => createTextStream(decode) };

/** A model that writes a line of the script after each head; an id beyond the line is `\n`. */
function scripted(script: Record<string, string>) {
  let text = '';
  let runs = 0;
  const next = (): number => {
    const [, head = '', written = ''] = /(?:^|\n)(\w+:)([^\n]*)$/.exec(text) ?? [];
    return (script[head] ?? '').charCodeAt(written.length) || '\n'.charCodeAt(0);
  };
  const sequence = {
    get logits() {
      const logits = new Float32Array(200);
      logits[next()] = 5;
      return new ArrayLogits(logits);
    },
    async append(signal: AbortSignal, ids: readonly number[]) {
      signal.throwIfAborted();
      text += decode(ids);
      runs += 1;
    },
    async appendChecked(
      signal: AbortSignal,
      ids: readonly number[],
      guesses: readonly number[],
      choose: (logits: Logits, kept: readonly number[]) => Promise<number>,
    ) {
      await sequence.append(signal, ids);
      const kept: number[] = [];
      for (const guess of guesses) {
        if ((await choose(sequence.logits, kept)) !== guess) break;
        kept.push(guess);
        text += decode([guess]);
      }
      return kept;
    },
    fork: () => sequence,
    dispose() {},
  };
  return { sequence: sequence as unknown as Sequence, text: () => text, runs: () => runs };
}

const settings = (overrides: Partial<StepOptions> = {}): StepOptions => ({
  model: { isStop: (id) => id === STOP },
  tokenizer,
  heads: ['Observe:', 'Cues:', 'Reason:', 'Answer:'],
  options: [],
  calibration: null,
  shares: null,
  decision: null,
  stopIds: [STOP],
  drafts: null,
  maxNewTokens: 200,
  ...overrides,
});

async function collect(events: AsyncGenerator<StepEvent>): Promise<StepEvent[]> {
  const all: StepEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const textOf = (events: StepEvent[], step: string): string =>
  events.flatMap((event) => (event.type === 'text' && event.step === step ? [event.delta] : [])).join('');

describe('decodeSteps', () => {
  const { signal } = new AbortController();

  it('writes the heads itself and streams what the model writes between them', async () => {
    const model = scripted({ 'Observe:': ' One face.', 'Cues:': ' A smile.', 'Reason:': ' It is felt.', 'Answer:': ' joy' });
    const events = await collect(decodeSteps(signal, model.sequence, settings()));
    expect(model.text()).toBe('Observe: One face.\nCues: A smile.\nReason: It is felt.\nAnswer: joy');
    expect(events.filter((event) => event.type === 'step').map((event) => event.step)).toEqual(['observe', 'cues', 'reason', 'answer']);
    expect(textOf(events, 'cues')).toBe('A smile.');
    expect(events.at(-1)).toEqual({ type: 'answer', answer: { text: 'joy', distribution: [] } });
  });

  it('asks for the answer alone in plain prompting, a closed one and a free one', async () => {
    const closed = scripted({ 'Observe:': ' One face.', 'Answer:': ' no' });
    const events = await collect(decodeSteps(signal, closed.sequence, settings({ options: ['yes', 'no'], prompting: 'plain' })));
    expect(events.filter((event) => event.type === 'step').map((event) => event.step)).toEqual(['answer']);
    expect(closed.text().startsWith('Answer:')).toBe(true);
    expect(events.at(-1)).toMatchObject({ answer: { text: 'no' } });
    const free = await collect(decodeSteps(signal, scripted({ 'Answer:': ' quiet joy' }).sequence, settings({ prompting: 'plain' })));
    expect(free.at(-1)).toEqual({ type: 'answer', answer: { text: 'quiet joy', distribution: [] } });
  });

  it('has all four steps when the model will not say anything', async () => {
    const events = await collect(decodeSteps(signal, scripted({}).sequence, settings({ options: ['yes', 'no'] })));
    expect(events.filter((event) => event.type === 'step-end').map((event) => event.text)).toEqual(['', '', '', 'yes']);
  });

  it('cuts a model that does not come to an end, says so, and leaves room for the later steps', async () => {
    const endless = scripted({ 'Observe:': ` ${'ab cd efg'.repeat(99)}`, 'Cues:': ' x.', 'Reason:': ' y.', 'Answer:': ' z' });
    const events = await collect(decodeSteps(signal, endless.sequence, settings({ maxNewTokens: 40 })));
    expect(textOf(events, 'observe')).toMatch(/^ab cd efg.*…$/);
    expect(textOf(events, 'observe').length).toBeLessThanOrEqual(11);
    expect(textOf(events, 'reason')).toBe('y.');
    expect(textOf(events, 'answer')).toBe('z');
  });

  it('calls no line cut that ends just where it must', async () => {
    const observed = async (line: string) => {
      const model = scripted({ 'Observe:': ` ${line}`, 'Cues:': ' x.', 'Reason:': ' y.', 'Answer:': ' z' });
      return textOf(await collect(decodeSteps(signal, model.sequence, settings({ maxNewTokens: 40 }))), 'observe');
    };
    expect(await observed('abcdefghi')).toBe('abcdefghi');
    expect(await observed('abcdefghij')).toBe('abcdefghi…');
  });

  it('lets two faces show the same cue', async () => {
    const same = ' face 1: brows up (AU01); face 2: brows up (AU01).';
    const events = await collect(decodeSteps(signal, scripted({ 'Cues:': same }).sequence, settings({ maxNewTokens: 400 })));
    expect(textOf(events, 'cues')).toBe(same.trim());
  });

  it('answers with one of the options, and gives the probability of each', async () => {
    const model = scripted({ 'Answer:': ' no' });
    const events = await collect(decodeSteps(signal, model.sequence, settings({ options: ['yes', 'no'] })));
    const answer = events.at(-1);
    expect(answer).toMatchObject({ type: 'answer', answer: { text: 'no' } });
    const distribution = answer?.type === 'answer' ? answer.answer.distribution : [];
    expect(distribution.map((entry) => entry.option)).toEqual(['yes', 'no']);
    expect(distribution.reduce((sum, entry) => sum + entry.probability, 0)).toBeCloseTo(1);
    expect(textOf(events, 'answer')).toBe('no');
  });

  it('is as sure of an answer as its calibration allows, and answers what is likeliest after it', async () => {
    const probabilityOf = async (calibration: StepOptions['calibration']) => {
      const model = scripted({ 'Answer:': ' no' });
      const answer = (await collect(decodeSteps(signal, model.sequence, settings({ options: ['yes', 'no'], calibration })))).at(-1);
      return answer?.type === 'answer' ? { text: answer.answer.text, no: answer.answer.distribution[1]?.probability } : null;
    };
    // The script's logit is 5, every other one 0.
    expect(await probabilityOf(null)).toEqual({ text: 'no', no: expect.closeTo(1 / (1 + Math.exp(-5)), 6) });
    expect(await probabilityOf({ scale: 0.2, evidence: 0, bias: [0, 0] })).toEqual({
      text: 'no',
      no: expect.closeTo(1 / (1 + Math.exp(-1)), 6),
    });
    expect(await probabilityOf({ scale: 0.2, evidence: 0, bias: [2, 0] })).toEqual({
      text: 'yes',
      no: expect.closeTo(1 / (1 + Math.exp(1)), 6),
    });
  });

  describe('where Reason decides', () => {
    const script = { 'Observe:': ' One face.', 'Cues:': ' Lips up.', 'Reason:': ' It suggests joy.', 'Answer:': ' no' };
    /** Of a character as an id, the one behind the space decides. */
    const words = { encode: (text: string) => encode(text === ' suggests' ? ' suggests ' : text.trim()) };
    const decide = async (shares: number[], drafts: StepOptions['drafts'] = null) => {
      const model = scripted(script);
      const prompt = { meaningAfter: [['suggests']] };
      const entry = {
        task: 'emotion' as const,
        options: ['yes', 'no'],
        scale: 1,
        evidence: 9,
        bias: [0, 0],
        meanings: [['joy'], ['grief']],
      };
      const decision = Decision.of(words, prompt, entry, shares);
      const events = await collect(decodeSteps(signal, model.sequence, settings({ options: ['yes', 'no'], decision, drafts })));
      const last = events.at(-1);
      return { reason: textOf(events, 'reason'), answer: last?.type === 'answer' ? last.answer : null, text: model.text() };
    };

    it('writes what was decided, and answers it, as sure as the decision was; nothing else is asked for', async () => {
      const turned = await decide([0.1, 0.9]);
      // The script goes on as it would have.
      expect(turned.reason).toBe('It suggests goy.');
      expect(turned.text).not.toContain('Answer:');
      expect(turned.answer?.text).toBe('no');
      expect(turned.answer?.distribution[1]?.probability).toBeCloseTo(1 / (1 + Math.exp(5) / 9 ** 9), 6);
      expect((await decide([0.9, 0.1])).reason).toBe('It suggests joy.');
    });

    it('does so with drafts, right and wrong ones', async () => {
      const plain = await decide([0.1, 0.9]);
      for (const guess of [' It suggests joy.', ' It suggests goy.']) {
        const at = (written: readonly number[]) => decode(written).split('Reason:')[1]?.length ?? guess.length;
        const drafts = { guess: (written: readonly number[], limit: number) => encode(guess.slice(at(written), at(written) + limit)) };
        expect(await decide([0.1, 0.9], drafts)).toEqual(plain);
      }
    });

    it('asks for the answer where Reason came to no decision', async () => {
      const model = scripted({ ...script, 'Reason:': ' Who knows.' });
      const decision = Decision.of(words, { meaningAfter: [['suggests']] }, null, null);
      const events = await collect(decodeSteps(signal, model.sequence, settings({ options: ['yes', 'no'], decision })));
      expect(events.at(-1)).toMatchObject({ answer: { text: 'no' } });
    });
  });

  describe('with drafts', () => {
    const script = { 'Observe:': ' One face.', 'Cues:': ' Lips up.', 'Reason:': ' It is joy.', 'Answer:': ' joy' };
    const plain = async () => {
      const model = scripted(script);
      return { events: await collect(decodeSteps(signal, model.sequence, settings())), model };
    };
    /** A run brings one piece of text, so the pieces are joined. */
    const told = (events: StepEvent[]) => ({
      texts: ['observe', 'cues', 'reason', 'answer'].map((step) => textOf(events, step)),
      ends: events.filter((event) => event.type === 'step-end' || event.type === 'answer'),
      tokens: events.filter((event) => event.type === 'tokens').at(-1),
    });
    /** The script's own texts, from the character before on; what it guesses beyond a line's end is another text's. */
    const knowing = (text: string) => ({
      guess: (written: readonly number[], limit: number) => {
        const at = text.indexOf(decode(written.slice(-3)));
        return at < 0 ? [] : encode(text.slice(at + 3, at + 3 + limit));
      },
    });

    it('tells the very same, in fewer runs', async () => {
      const without = await plain();
      const model = scripted(script);
      const drafts = knowing('Observe: One face.\nCues: Lips down.\nReason: It is joy.\n');
      const events = await collect(decodeSteps(signal, model.sequence, settings({ drafts })));
      expect(told(events)).toEqual(told(without.events));
      expect(model.text()).toBe(without.model.text());
      expect(model.runs()).toBeLessThan(without.model.runs() / 1.5);
    });

    it('tells the very same when every guess is wrong, a newline or a stop', async () => {
      const without = await plain();
      for (const guess of ['zzz', '\nzz', String.fromCharCode(STOP)]) {
        const model = scripted(script);
        const events = await collect(decodeSteps(signal, model.sequence, settings({ drafts: { guess: () => encode(guess) } })));
        expect(told(events)).toEqual(told(without.events));
      }
    });

    it('stays within the budget of a line', async () => {
      const endless = scripted({ 'Observe:': ` ${'ab cd efg'.repeat(99)}` });
      const drafts = knowing(` ${'ab cd efg'.repeat(3)}`);
      const events = await collect(decodeSteps(signal, endless.sequence, settings({ drafts, maxNewTokens: 40 })));
      expect(textOf(events, 'observe')).toBe('ab cd efg…');
      const shorter = scripted({ 'Observe:': ` ${'ab cd efg'.repeat(99)}` });
      const cut = await collect(decodeSteps(signal, shorter.sequence, settings({ drafts, maxNewTokens: 36 })));
      expect(textOf(cut, 'observe')).toBe('ab cd ef…'); // a guess more would have fitted
    });
  });
});
