import { afterEach, expect, it, vi } from 'vitest';
import { runEvaluation } from '../workers/client.ts';

vi.mock('../workers/client.ts', () => ({ runEvaluation: vi.fn(async () => ({ ok: true, value: '{}' })) }));
vi.mock('./trusted-types.ts', () => ({ trustOwnScripts: () => {} }));

afterEach(() => vi.unstubAllGlobals());

it('reads labels.csv in the encodings that spreadsheets write', async () => {
  const table = 'file,label\nJörg.png,fear\n';
  const elements: Record<string, { dataset: { state?: string }; textContent: string }> = {};
  const querySelector = (selector: string) => (elements[selector] ??= { dataset: {}, textContent: '' });
  vi.stubGlobal('location', { search: '?task=faces&data=folder/' });
  vi.stubGlobal('document', { baseURI: 'http://page.test/', querySelector });
  vi.stubGlobal('fetch', async () => new Response(new Uint8Array(Buffer.from(`\uFEFF${table}`, 'utf16le'))));
  await import('./evaluate.ts');
  expect(elements['[role=status]']?.dataset.state).toBe('done');
  expect(vi.mocked(runEvaluation).mock.calls[0]?.[1].labels).toBe(table);
});
