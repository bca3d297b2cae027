import { strFromU8, unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import { exportFiles } from '../export/files.ts';
import { provenance } from '../export/provenance.ts';
import { watched } from '../export/session.fixture.ts';
import { type Action, initialState, reduce } from './analysis-state.ts';
import { archive, buildSession } from './session-export.ts';

it('packs an export of several files so that each comes out as it went in', async () => {
  const at = new Date('2026-01-02T03:04:05Z');
  const files = exportFiles(watched(), 'bids', at);
  const unpacked = unzipSync(await archive(files, at));
  expect(Object.keys(unpacked)).toEqual(files.map((file) => file.path));
  for (const file of files) expect(strFromU8(unpacked[file.path] ?? new Uint8Array())).toBe(file.text);
});

it('says which words an explanation was told that the user typed', () => {
  const ask = (runId: string, wordsGiven: string | null): Action => ({
    type: 'explain-asked',
    itemId: 'a',
    runId,
    task: 'sarcasm',
    time: 0,
    snapshot: null,
    wordsGiven,
  });
  const actions: Action[] = [
    { type: 'item-added', item: { id: 'a', kind: 'picture', name: 'meme.png' }, select: true },
    { type: 'words-set', itemId: 'a', words: 'not yet asked with' },
    ask('e1', 'oh great'),
    ask('e2', ''),
    ask('e3', null),
  ];
  const { items } = buildSession(actions.reduce(reduce, initialState), new Map(), {}, '0.1.0');
  expect(items[0]?.explanations.map(({ words, wordsGiven }) => [words, wordsGiven])).toEqual([
    [[], 'oh great'],
    [[], ''],
    [[], undefined],
  ]);
});

it('brings the cuts of a film, each once, though it was watched twice and nobody is in it', () => {
  const cut = (itemId: string, after: number, time: number): Action => ({ type: 'cut-found', itemId, cut: { after, time } });
  const actions: Action[] = [
    { type: 'item-added', item: { id: 'a', kind: 'video', name: 'film.mp4' }, select: true },
    { type: 'item-added', item: { id: 'b', kind: 'video', name: 'other.mp4' }, select: false },
    cut('a', 7, 8),
    cut('a', 2.5, 3),
    cut('a', 2.96, 3),
    cut('gone', 1, 2),
  ];
  const { items } = buildSession(actions.reduce(reduce, initialState), new Map(), {}, '0.1.0');
  expect(items[0]?.cuts).toEqual([
    { after: 2.96, time: 3 },
    { after: 7, time: 8 },
  ]);
  expect(items[1]).not.toHaveProperty('cuts');
});

it('says of each explanation which model wrote it and how it was asked, whatever is in use now', () => {
  const info = { packId: 'tiny', packVersion: '1', packHash: 'f', graphs: [], adapter: '', threads: 1, choices: null, notes: [] };
  const foundation = { id: 'smol', revision: 'c'.repeat(40), dtypes: { decoder: 'q4' }, device: 'wasm' };
  const run = (runId: string): Action[] => [
    { type: 'explain-asked', itemId: 'a', runId, task: 'emotion', time: 0, snapshot: null },
    { type: 'event', event: { type: 'started', runId, task: 'emotion', time: 0 } },
    { type: 'event', event: { type: 'prompt', runId, text: `prompt of ${runId}`, promptTokens: 3 } },
    { type: 'event', event: { type: 'done', runId } },
  ];
  const actions: Action[] = [
    { type: 'item-added', item: { id: 'a', kind: 'picture', name: 'a.png' }, select: true },
    { type: 'event', event: { type: 'ready', part: 'language-model', info: { ...info, foundation } } },
    { type: 'prompting-chosen', prompting: 'plain' },
    ...run('e1'),
    { type: 'load-begun' },
    { type: 'event', event: { type: 'ready', part: 'language-model', info } },
    { type: 'prompting-chosen', prompting: 'emoprompt' },
    ...run('e2'),
  ];
  const told = provenance(buildSession(actions.reduce(reduce, initialState), new Map(), {}, '0.1.0'));
  const own = { packId: 'tiny', packVersion: '1' };
  expect(told.foundation).toBeNull();
  expect(told.inputs[0]?.prompts.map(({ prompting, madeBy }) => [prompting, madeBy])).toEqual([
    ['plain', { ...own, foundation }],
    ['emoprompt', own],
  ]);
});
