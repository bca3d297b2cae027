import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './house.mjs';
import { PAGE_CHUNKS, pageChunk } from './page-chunks.mjs';

const IMPORTS: Record<string, string[]> = {
  'start.ts': ['messages.ts'],
  'main.tsx': ['app.tsx', 'client.ts', 'card.ts', 'messages.ts'],
  'app.tsx': ['react.js', 'main.tsx'],
  'client.ts': ['comlink.js', 'messages.ts'],
  'evaluate.ts': ['client.ts'],
  'self-test.ts': ['card.ts'],
  'dialog.tsx': ['react.js', 'plot.js'],
};
const path = (name: string): string => join(ROOT, 'src/ui', name).replaceAll('\\', '/');
const names = Object.fromEntries(Object.keys(IMPORTS).map((name) => [path(name), IMPORTS[name] ?? []]));
const modules = {
  getModuleInfo: (id: string) => ({ importedIds: (names[id] ?? []).map(path) }),
};
const chunkOf = (name: string) => pageChunk(path(name), modules);

describe('pageChunk', () => {
  it('puts what every visitor fetches into few files, and gives other pages and dialogs no more of it than they import', () => {
    expect(['messages.ts', 'app.tsx', 'react.js'].map(chunkOf)).toEqual(['first', 'page', 'page']);
    expect(['client.ts', 'comlink.js', 'card.ts'].map(chunkOf)).toEqual(['shared', 'shared', 'shared']);
    expect(['plot.js', 'dialog.tsx'].map(chunkOf)).toEqual([null, null]);
  });

  it('leaves entries apart, since they act when they are imported', () => {
    expect(['start.ts', 'main.tsx', 'evaluate.ts'].map(chunkOf)).toEqual([null, null, null]);
  });
});

describe('PAGE_CHUNKS', () => {
  it('tells the bundler so, the file that is there first before the others', () => {
    const filesOf = ({ name }: (typeof PAGE_CHUNKS)[number]) =>
      ['messages.ts', 'client.ts', 'app.tsx', 'plot.js'].map((module) => name(path(module), modules));
    const [first, second, third] = PAGE_CHUNKS.toSorted((a, b) => b.priority - a.priority).map(filesOf);
    expect(first).toEqual(['first', null, null, null]);
    expect(second).toEqual([null, 'shared', null, null]);
    expect(third).toEqual([null, null, 'page', null]);
  });
});
