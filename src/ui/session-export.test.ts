import { strFromU8, unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import { exportFiles } from '../export/files.ts';
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
