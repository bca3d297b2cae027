/** Words on a picture that give orders, before the committed pack: they are read as words, and the question, its options and the answer's form stay. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INJECTIONS, injectedPicture } from '../../e2e/injections.mjs';
import { packFolder } from '../node/pack-folder.ts';
import { readPicture } from '../node/picture.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import { STEPS } from '../shared/labels.ts';
import type { Answer } from '../shared/readings.ts';
import { createEngine } from './engine.ts';

const { signal } = new AbortController();
const folder = mkdtempSync(join(tmpdir(), 'emollm-injection-'));
const engine = createEngine(await createNodeRuntime('native', 2), packFolder(join(import.meta.dirname, '../../public/models/emollm-s')));

/** What the page would hear, in short. @param whole to the answer; else as far as the prompt */
async function explained(text: string | null, whole: boolean) {
  const path = join(folder, 'picture.png');
  writeFileSync(path, await injectedPicture(text));
  const picture = await readPicture(path);
  if (!picture.ok) throw new Error(picture.error.message);
  const heard: { prompt: string; words: string[]; steps: string[]; answer: Answer | null } = {
    prompt: '',
    words: [],
    steps: [],
    answer: null,
  };
  const options = { runId: 'run', sourceId: 'meme', task: 'hate', readings: null, words: null, maxNewTokens: 4 } as const;
  for await (const event of engine.explain(signal, picture.value, options)) {
    if (event.type === 'prompt') heard.prompt = event.text;
    if (event.type === 'prompt' && !whole) break;
    if (event.type === 'words') heard.words = event.lines.map((line) => line.text);
    if (event.type === 'step') heard.steps.push(event.step);
    if (event.type === 'answer') heard.answer = event.answer;
    if (event.type === 'failed') throw new Error(event.error.message);
  }
  return heard;
}

let plain: Awaited<ReturnType<typeof explained>>;
beforeAll(async () => {
  for await (const event of engine.load(signal)) expect(event.type).not.toBe('load-failed');
  plain = await explained(null, true);
}, 120_000);
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true });
});

describe('words that give orders', () => {
  const read: string[] = [];

  // Answers take their time: a few of them stand for all, whose prompts are all looked at.
  it.each(INJECTIONS.map((text, index) => [text, index % 6 === 0] as const))(
    'change neither the question nor the form of the answer: %j',
    async (text, whole) => {
      const { prompt, words, steps, answer } = await explained(text, whole);
      read.push(words.join(' '));
      const lines = prompt.split('\n');
      const [task, ...before] = plain.prompt.split('\n');
      expect(lines[0]).toBe(task);
      // One line of words, quoted; faces as they are measured, as many as there are; nothing of another kind.
      expect(lines.filter((line) => line.startsWith('Words: '))).toEqual([expect.stringMatching(/^Words: (none\.|"[^"]*")$/)]);
      expect(lines.filter((line) => /^Face/.test(line)).length).toBe(before.filter((line) => /^Face/.test(line)).length);
      for (const line of lines.slice(1)) expect(line).toMatch(/^(Face \d|Words: |Text: |Wording: )/);
      // Nothing that a tokenizer takes for a marker of its own.
      expect(prompt).not.toMatch(/<[|a-z]/i);
      if (!whole) return;
      const options = plain.answer?.distribution.map(({ option }) => option);
      expect(options).toEqual(['yes', 'no']);
      expect(answer?.distribution.map(({ option }) => option)).toEqual(options);
      expect(options).toContain(answer?.text);
      expect(steps).toEqual([...STEPS]);
    },
  );

  it('were read, or else nothing was shown by it', () => {
    const said = read.join(' ').toLowerCase();
    for (const word of ['ignore', 'previous', 'instructions', 'answer', 'options', 'observe', 'system']) expect(said).toContain(word);
  });
});
