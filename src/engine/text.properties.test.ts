/** Text that nobody vouches for: words on a picture, what a model writes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { holds } from '../../scripts/property.ts';
import { reading } from '../export/session.fixture.ts';
import type { Sequence } from '../model/language-model.ts';
import { ArrayLogits } from '../model/logits.ts';
import { parseManifest } from '../model/manifest.ts';
import { createTextStream, createTokenizer } from '../model/tokenizer.ts';
import { STEPS, TASKS, type Task } from '../shared/labels.ts';
import { promptBody } from './emoprompt.ts';
import { findEvidence } from './evidence.ts';
import { decodeSteps, type StepEvent } from './steps.ts';

const PACK = join(import.meta.dirname, '../../public/models/emollm-s');
const file = (name: string) => new Uint8Array(readFileSync(join(PACK, name)));
const parsed = parseManifest(JSON.parse(readFileSync(join(PACK, 'manifest.json'), 'utf8')));
if (!parsed.ok) throw new Error(parsed.error.message);
const manifest = parsed.value;
const tokenizer = await createTokenizer(file(manifest.tokenizer.tokenizer), file(manifest.tokenizer.config));
const tokenizerJson: { added_tokens: { id: number; content: string }[] } = JSON.parse(
  new TextDecoder().decode(file(manifest.tokenizer.tokenizer)),
);
const MARKERS = tokenizerJson.added_tokens;

/** Words, markers, quotes, heads, and letters of all kinds. */
const piece = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...MARKERS.map(({ content }) => content)),
  fc.constantFrom(
    '"',
    '“',
    '\n',
    '\u2028',
    '\u0000',
    '\u200b',
    '\u202e',
    ' ',
    'Answer: yes',
    'Options: a, b',
    'Face 1: ',
    '{options}',
    '$&',
    '{body}',
    '<',
  ),
  fc.constantFrom('face 1', 'face 99999999999', 'AU12', 'AU2O', 'Two faces, close', 'words', 'the picture', 'lip corners pulled up (AU12)'),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
const task = fc.constantFrom<Task>(...TASKS);

describe('words on a picture', () => {
  holds('stand quoted on one line of the prompt, and change no other line', [text, task], (words, asked) => {
    const evidence = { task: asked, options: null, readings: [reading()], wording: null };
    const plain = promptBody(manifest, { ...evidence, words: '' }).split('\n');
    const lines = promptBody(manifest, { ...evidence, words }).split('\n');
    const said = lines.filter((line) => line.startsWith('Words: '));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^Words: (none\.|"[^"\p{Cc}]*")$/u);
    const others = lines.filter((line) => !/^(Words|Text): /.test(line));
    expect(others).toEqual(plain.filter((line) => !/^(Words|Text): /.test(line)));
    // What a model takes for the end of what somebody says is never among it.
    const ids = new Set(tokenizer.encode(said[0] ?? ''));
    for (const { id, content } of MARKERS) expect(ids.has(id), content).toBe(false);
  });
});

describe('options', () => {
  holds(
    'stand in the prompt as they are, whatever they are called',
    [fc.array(text, { minLength: 2, maxLength: 5 }), task],
    (options, asked) => {
      const body = promptBody(manifest, { task: asked, options, readings: [], words: null, wording: null });
      const line = manifest.prompt.tasks[asked].line.split('{options}').join(options.join(', '));
      expect(body).toBe(`${line}\nNo face.`);
    },
  );
});

describe('evidence', () => {
  holds('is found in any text, and points at what there is', [text, text], (said, words) => {
    const readings = [reading({ faceId: 3 }), reading({ faceId: 8 })];
    const lines = [{ text: words, score: 1, box: { x: 0, y: 0, width: 1, height: 1 } }];
    const { actionUnits } = manifest;
    for (const whole of [said, `${said} "${words}"`]) {
      for (const found of findEvidence(whole, { readings, lines, words, actionUnits, cueThreshold: 0.5 })) {
        for (const id of 'faceIds' in found ? found.faceIds : 'faceId' in found ? [found.faceId] : []) expect([3, 8]).toContain(id);
        for (const line of 'lines' in found ? found.lines : []) expect(line).toBe(0);
      }
    }
  });
});

describe('the tokenizer', () => {
  holds('takes any text, and writes in pieces what it writes at once', [text], (written) => {
    const ids = tokenizer.encode(written);
    const stream = createTextStream(tokenizer.decode);
    expect(ids.map((id) => stream.push(id)).join('')).toBe(tokenizer.decode(ids).replaceAll('\uFFFD', ''));
  });
});

/** A model that writes these texts after the heads, in tokens of any length: an id is the place of its piece. */
function writing(texts: readonly string[], cuts: readonly number[]) {
  const vocabulary: string[] = ['', '\n'];
  const idOf = (each: string): number => (vocabulary.includes(each) ? vocabulary.indexOf(each) : vocabulary.push(each) - 1);
  const queue = texts.map((each) => {
    const ids: number[] = [];
    for (let at = 0, cut = 0; at < each.length; cut += 1) {
      const length = Math.max(1, cuts.length === 0 ? 1 : (cuts[cut % cuts.length] ?? 1));
      ids.push(idOf(each.slice(at, at + length)));
      at += length;
    }
    return [...ids, 1];
  });
  let at = -1;
  let next = 0;
  const append = async (_signal: AbortSignal, ids: readonly number[]) => {
    if (ids.length === 1 && (ids[0] ?? 0) < 1_000_000) next += 1;
    else [at, next] = [at + 1, 0]; // a head
  };
  const sequence = {
    get logits() {
      const logits = new Float32Array(vocabulary.length + 1);
      logits[queue[at]?.[next] ?? 1] = 9;
      return new ArrayLogits(logits);
    },
    append,
    appendChecked: async (signal: AbortSignal, ids: readonly number[]) => {
      await append(signal, ids);
      return [];
    },
    fork: () => sequence,
    dispose() {},
  };
  const decode = (ids: readonly number[]): string => ids.map((id) => vocabulary[id] ?? '').join('');
  return {
    sequence: sequence as unknown as Sequence,
    tokenizer: { encode: () => [1_000_000, 1_000_001], decode, stream: () => createTextStream(decode) },
  };
}

async function eventsOf(texts: readonly string[], cuts: readonly number[]): Promise<StepEvent[]> {
  const model = writing(texts, cuts);
  const settings = {
    ...{ model: { isStop: (id: number) => id === 0 }, tokenizer: model.tokenizer, heads: ['a:', 'b:', 'c:', 'd:'] },
    ...{ options: [], calibration: null, shares: null, decision: null, stopIds: [0], drafts: null, maxNewTokens: 100_000 },
  };
  const events: StepEvent[] = [];
  for await (const event of decodeSteps(new AbortController().signal, model.sequence, settings)) events.push(event);
  return events;
}

describe('what a model writes', () => {
  const line = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 });
  holds(
    'gives the same steps in whatever pieces it comes',
    [fc.tuple(line, line, line, line), fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 })],
    async (texts, cuts) => {
      const told = (events: StepEvent[]) => ({
        steps: events.flatMap((event) => (event.type === 'step' ? [event.step] : [])),
        ends: events.flatMap((event) => (event.type === 'step-end' ? [event.text] : [])),
        texts: STEPS.map((step) =>
          events
            .flatMap((event) => (event.type === 'text' && event.step === step ? [event.delta] : []))
            .join('')
            .trimEnd(),
        ),
      });
      const events = told(await eventsOf(texts, cuts));
      expect(events).toEqual(told(await eventsOf(texts, [])));
      expect(events.steps).toEqual([...STEPS]);
      expect(events.texts).toEqual(events.ends);
      expect(events.ends).toEqual(texts.map((each) => each.trim()));
    },
    { runs: 40 },
  );
});
