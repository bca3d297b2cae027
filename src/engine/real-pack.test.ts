/** The committed pack on the sample portrait: what a user sees on the first visit. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { packFolder } from '../node/pack-folder.ts';
import { readPicture } from '../node/picture.ts';
import { createNodeRuntime } from '../node/runtime.ts';
import { STEPS } from '../shared/labels.ts';
import { createEngine } from './engine.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { signal } = new AbortController();

it('reads a smile and explains it in four steps of words', async () => {
  const engine = createEngine(await createNodeRuntime('native', 2), packFolder(join(root, 'public/models/emollm-s')));
  for await (const event of engine.load(signal)) expect(event.type).not.toBe('load-failed');
  const picture = await readPicture(join(root, 'public/samples/astronaut.jpg'));
  if (!picture.ok) throw new Error(picture.error.message);

  const emotions: string[] = [];
  const units: string[] = [];
  const steps: Record<string, string> = {};
  let answer = '';
  const options = { runId: 'run', sourceId: 'sample', task: 'emotion', readings: null, words: null, maxNewTokens: 96 } as const;
  for await (const event of engine.explain(signal, picture.value, options)) {
    if (event.type === 'readings') {
      emotions.push(...event.readings.map((reading) => reading.emotion));
      for (const unit of event.readings[0]?.actionUnits ?? []) if (unit.probability >= 0.5) units.push(unit.code);
    }
    if (event.type === 'text') steps[event.step] = (steps[event.step] ?? '') + event.delta;
    if (event.type === 'answer') answer = event.answer.text;
  }
  await engine.dispose();

  expect(emotions).toEqual(['happiness']);
  expect(units).toContain('AU12');
  expect(answer).toBe('happiness');
  for (const step of STEPS.slice(0, 3)) expect(steps[step]?.split(' ').length, step).toBeGreaterThan(2);
}, 120_000);
