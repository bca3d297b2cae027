import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { session } from '../export/session.fixture.ts';
import { tryExport, writeExport } from './export-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emollm-export-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

const engine = {
  info: () => {
    const { model } = session();
    if (!model) throw new Error('the fixture has a model');
    return model;
  },
};
const write = (format: 'json' | 'openface' | 'bids') => writeExport(engine, session().items, {}, { format, out: folder });

it('moves on by a second where a name is taken, and writes over nothing', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-02T03:04:05Z') });
  for (const format of ['json', 'openface'] as const) {
    const [first, second] = [await write(format), await write(format)];
    expect([first, second]).toMatchObject([{ ok: true }, { ok: true }]);
    if (!first.ok || !second.ok) continue;
    expect(new Set([...first.value, ...second.value]).size).toBe(first.value.length * 2);
    expect(second.value.every((path) => path.includes('20260102-030406'))).toBe(true);
  }
});

it('refuses a dataset whose own files are there, before anything is analysed', async () => {
  const place = () => tryExport({ files: ['a.jpg', 'b.jpg'], format: 'bids', out: folder });
  expect(await place()).toEqual({ ok: true, value: undefined });
  expect(await readdir(folder)).toEqual([]);
  await mkdir(join(folder, 'sub-01', 'beh'), { recursive: true });
  await writeFile(join(folder, 'sub-01', 'beh', 'sub-01_task-emollm_run-02_events.tsv'), 'mine');
  expect(await place()).toMatchObject({ ok: false, error: { message: expect.stringContaining('run-02_events.tsv is there already') } });
});

it('says where it cannot write, before anything is analysed', async () => {
  await writeFile(join(folder, 'file'), '');
  const place = await tryExport({ files: ['a.jpg'], format: 'json', out: join(folder, 'file') });
  expect(place).toMatchObject({
    ok: false,
    error: { code: 'file-unwritable', message: `The export cannot be written to ${join(folder, 'file')}.` },
  });
});
