/** The commands about packs, with the tiny models of e2e/fixtures/hub and a hub of our own. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hub, REVISION, startHub } from '../../e2e/hub.ts';
import { downloadFiles } from '../model/pack-download.ts';
import { hubFileUrl, hubWords, listHubFiles } from '../model/pack-hub.ts';
import { VERSION } from '../shared/version.ts';
import { comparePacks, describeComparison, sideBySide } from './compare-packs.ts';
import { FolderSink } from './folder-sink.ts';
import { main } from './main.ts';
import { makeTable, markdownOf, placesIn } from './table.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const model = join(root, 'e2e/fixtures/hub/tiny-random/Idefics3');
const tiny = join(root, 'public/models/tiny');
const bright = join(model, 'golden-bright.png');
const dark = join(model, 'golden-dark.png');
const go = () => new AbortController().signal;

async function run(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const text = { out: '', error: '' };
  const code = await main(go(), args, {
    out: (piece) => {
      text.out += piece;
    },
    error: (piece) => {
      text.error += piece;
    },
  });
  return { code, ...text };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emollm-packs-'));
  const data = join(folder, 'data');
  for (const task of ['hate', 'faces']) {
    mkdirSync(join(data, task), { recursive: true });
    for (const [index, shade] of [40, 200].entries()) {
      const picture = sharp({ create: { width: 48, height: 48, channels: 3, background: { r: shade, g: shade, b: shade } } });
      await writeFile(join(data, task, `${index}.png`), await picture.png().toBuffer());
    }
  }
  await writeFile(join(data, 'hate', 'labels.csv'), 'file,label,text\n0.png,no,good morning\n1.png,yes,go away all of you\n');
  await writeFile(join(data, 'faces', 'labels.csv'), 'file,label\n0.png,sadness\n1.png,happiness\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('emollm analyze --pack with a folder laid out like the hub’s', () => {
  it('explains by that model, with the readings of our own pack, and says which model it was', async () => {
    const { code, out } = await run('analyze', bright, dark, '--pack', model, '--json', '--words', '', '--threads', '1');
    expect(code).toBe(0);
    const [first, second] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ pack: { id: 'emollm-s' }, foundation: { id: 'idefics3', device: 'native' } });
    expect(first.answer.distribution).toHaveLength(8);
    expect(first.prompt).toContain('Choose one of: neutral');
    expect(second.error).toBeUndefined();
  }, 120_000);
});

describe('emollm table', () => {
  it('judges every task of the folder with both prompts, and writes Markdown and JSON', async () => {
    const out = join(folder, 'table');
    const { code, error } = await run(
      'table',
      '--pack',
      tiny,
      '--pack',
      model,
      '--data',
      join(folder, 'data'),
      '--out',
      out,
      '--threads',
      '1',
    );
    expect([code, error]).toEqual([0, '']);
    const { rows } = JSON.parse(await readFile(`${out}.json`, 'utf8')) as {
      rows: { task: string; pack: string; prompting: string; n: number }[];
    };
    const packs = ['tiny', 'idefics3'];
    const cells = ['faces', 'emotion-open', 'hate'].flatMap((task) =>
      ['emoprompt', 'plain'].map((prompting) => ({ task, prompting, n: 2 })),
    );
    expect(rows.map(({ task, pack, prompting, n }) => ({ task, pack, prompting, n }))).toEqual(
      packs
        .flatMap((pack) => cells.map((cell) => ({ ...cell, pack })))
        .map(({ task, pack, prompting, n }) => ({ task, pack, prompting, n })),
    );
    expect(await readFile(`${out}.md`, 'utf8')).toContain('| hate | idefics3 | EmoPrompt | 2 | ');
  }, 240_000);

  const table = (...args: string[]) => run('table', '--limit', '1', '--threads', '1', ...args);

  it('writes after each row, and says of which version and whether it is complete', async () => {
    const out = join(folder, 'rows');
    const read = () => JSON.parse(readFileSync(`${out}.json`, 'utf8'));
    const seen: { complete: boolean; rows: object[] }[] = [];
    const command = {
      kind: 'table',
      pack: null,
      packs: [tiny],
      data: join(folder, 'data'),
      out,
      limit: 1,
      backend: 'auto',
      threads: 1,
    } as const;
    const made = await makeTable(go(), { ...command, packs: [tiny] }, (what) => {
      if (what === 'faces, plain:' || what === 'hate, emoprompt:') seen.push(read());
    });
    expect(made).toEqual({ ok: true, value: [`${out}.md`, `${out}.json`] });
    expect(seen.map(({ complete, rows }) => [complete, rows.length])).toEqual([
      [false, 1],
      [false, 4],
    ]);
    expect(read()).toMatchObject({ app: { version: VERSION }, complete: true });
    expect(read().rows[5]).toMatchObject({ pack: 'tiny', pack_version: '1.0.0', pack_hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  }, 120_000);

  it('says what is wrong with a place, a later pack or the labels of a later task before anything is judged', async () => {
    const data = join(folder, 'data');
    const out = join(folder, 'never');
    await mkdir(`${out}.json`, { recursive: true });
    expect((await table('--data', data, '--out', out)).error).toContain(`The table cannot be written to ${out}.json.`);
    await rm(`${out}.json`, { recursive: true });

    expect((await table('--pack', tiny, '--pack', join(folder, 'gone'), '--data', data, '--out', out)).error).toContain(
      'manifest.json is not there',
    );

    const wrong = join(folder, 'wrong');
    await mkdir(join(wrong, 'faces'), { recursive: true });
    await mkdir(join(wrong, 'hate'));
    await writeFile(join(wrong, 'faces', '0.png'), await readFile(join(data, 'faces', '0.png')));
    await writeFile(join(wrong, 'faces', 'labels.csv'), 'file,label\n0.png,fear\n');
    await writeFile(join(wrong, 'hate', '0.png'), '');
    await writeFile(join(wrong, 'hate', 'labels.csv'), 'file,label\n0.png,maybe\n');
    expect((await table('--pack', tiny, '--data', wrong, '--out', out)).error).toContain('"maybe" is not a label of hate');
    expect(existsSync(`${out}.md`)).toBe(false);
  });

  it('finds the tasks that are there, and tells what is not known by a dash', () => {
    expect(placesIn(join(folder, 'data')).map(({ task, cropped }) => [task, cropped])).toEqual([
      ['faces', true],
      ['emotion-open', true],
      ['hate', false],
    ]);
    const row = { task: 'hate', pack: 'x', prompting: 'plain', n: 3, accuracy: 1 / 3, macro_f1: 0.2, majority_accuracy: 0.5 } as const;
    const text = markdownOf([{ ...row, expected_calibration_error: null, seconds: 3.4, tokens_per_second: null }]);
    expect(text).toContain('| hate | x | answer alone | 3 | 0.333 | 0.200 | 0.500 | – | 3 | – |');
  });
});

describe('emollm compare', () => {
  it('puts the answers of two packs side by side', async () => {
    const out = join(folder, 'compared.json');
    const words = [
      'compare',
      '--pack',
      tiny,
      '--pack',
      model,
      '--data',
      join(folder, 'data/hate'),
      '--task',
      'hate',
      '--out',
      out,
      '--threads',
      '1',
    ];
    const { code, out: text } = await run(...words);
    expect(code).toBe(0);
    expect(text).toMatch(/tiny: .* s a picture, accuracy .*\nidefics3: .*\nThey agree on \d+ % of 2\./);
    const report = JSON.parse(await readFile(out, 'utf8'));
    expect(report.items.map((item: { file: string }) => item.file)).toEqual(['0.png', '1.png']);
  }, 120_000);

  it('tells what each said of pictures that nobody labelled', async () => {
    const out = join(folder, 'said.json');
    const { code, out: text } = await run('compare', dark, '--pack', tiny, '--pack', model, '--out', out, '--threads', '1');
    expect(code).toBe(0);
    expect(text).toMatch(/tiny: [\d.]+ s a picture\nidefics3: [\d.]+ s a picture\nThey agree on (0|100) % of 1\./);
    const { items } = JSON.parse(await readFile(out, 'utf8'));
    expect(items).toMatchObject([{ file: 'golden-dark.png', label: null, answers: [expect.any(String), 'sadness'] }]);
    expect(items[0].texts[1].reason).toContain('They weigh on what is seen.');
  }, 120_000);

  it('keeps pictures of one name in two folders apart', async () => {
    const twin = join(folder, 'twin', 'golden-dark.png');
    await mkdir(dirname(twin), { recursive: true });
    await copyFile(dark, twin);
    const out = join(folder, 'twins.json');
    expect((await run('compare', dark, twin, '--pack', tiny, '--pack', tiny, '--out', out, '--threads', '1')).code).toBe(0);
    expect(JSON.parse(await readFile(out, 'utf8')).items.map((item: { file: string }) => item.file)).toEqual([dark, twin]);
  }, 120_000);

  it('says that the second pack or the place is not there before the first has judged anything', async () => {
    const told: string[] = [];
    const command = { kind: 'compare', pack: null, files: [dark], data: null, task: 'emotion', cropped: false, limit: null } as const;
    const compare = (second: string, out: string | null) =>
      comparePacks(go(), { ...command, files: [dark], packs: [tiny, second], out, backend: 'auto', threads: 1 }, (what) => told.push(what));
    expect(await compare(join(folder, 'gone'), null)).toMatchObject({ ok: false, error: { code: 'pack-missing' } });
    expect(await compare(tiny, join(dark, 'report.json'))).toMatchObject({ ok: false, error: { code: 'file-unwritable' } });
    expect(told).toEqual([]);
  });

  it('leaves out and counts what cannot be read', async () => {
    const out = join(folder, 'left.json');
    const broken = join(folder, 'broken.png');
    await writeFile(broken, 'no picture');
    const ran = await run('compare', broken, dark, '--pack', tiny, '--pack', tiny, '--out', out, '--threads', '1');
    expect([ran.code, ran.out]).toEqual([0, expect.stringContaining('Left out:\n  broken.png: broken.png is not a picture')]);
    const report = JSON.parse(await readFile(out, 'utf8'));
    expect(report).toMatchObject({ n: 1, packs: [{ pack: 'tiny', pack_version: '1.0.0', skipped: 1 }, { skipped: 1 }] });
    const none = await run('compare', broken, '--pack', tiny, '--pack', tiny, '--threads', '1');
    expect([none.code, none.error]).toEqual([1, expect.stringContaining('broken.png is not a picture')]);
  }, 120_000);

  it('takes the first pictures and takes them for face crops where that is asked', async () => {
    const compared = async (...args: string[]) => {
      const out = join(folder, 'limited.json');
      expect((await run('compare', dark, bright, '--pack', tiny, '--pack', tiny, '--out', out, '--threads', '1', ...args)).code).toBe(0);
      return JSON.parse(await readFile(out, 'utf8'));
    };
    const [plain, limited] = [await compared(), await compared('--limit', '1', '--cropped')];
    expect([plain.n, limited.n]).toEqual([2, 1]);
    expect(limited.items[0].texts[0]).not.toEqual(plain.items[0].texts[0]);
  }, 120_000);

  it('tells two packs of one id apart by version and hash', () => {
    const side = (version: string, answer: string) => ({
      ...{ pack: 'p', pack_version: version, pack_hash: 'a'.repeat(64), seconds: 1, accuracy: null },
      items: [{ file: 'x', label: null, answer, text: null }],
    });
    const text = describeComparison(sideBySide(side('1.0.0', 'a'), side('1.1.0', 'b')));
    expect(text).toContain('p 1.0.0 aaaaaaaa: 1.0 s a picture\np 1.1.0 aaaaaaaa: 1.0 s a picture');
    expect(text).toContain('    p 1.1.0 aaaaaaaa: b');
  });

  it('counts pictures that both answer alike, and none that either did not answer', () => {
    const pack = (answers: (string | null)[]) => ({
      pack: 'p',
      seconds: 1,
      accuracy: null,
      items: answers.map((answer, index) => ({ file: `${index}`, label: null, answer, text: null })),
    });
    expect(sideBySide(pack(['a', 'b', null]), pack(['a', 'c', null])).agreement).toBeCloseTo(1 / 3);
  });
});

describe('a download into a folder', () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await startHub();
  });
  afterAll(() => hub.close());

  it('goes on where it was cut off, and what it writes is what the hub has', async () => {
    const repository = { hubUrl: hub.url, repo: 'tiny-random/Idefics3', revision: REVISION };
    const wait = async () => {};
    const options = { fetch, words: hubWords, wait };
    const listed = await listHubFiles(go(), repository, options);
    if (!listed.ok) throw new Error(listed.error.message);
    const files = listed.value.filter(({ path }) => path === 'onnx/decoder_model_merged.onnx' || path === 'config.json');
    const to = join(folder, 'fetched');
    const download = () =>
      downloadFiles(go(), files, new FolderSink(to), { ...options, url: ({ path }) => hubFileUrl(repository, path) }, () => {});
    hub.faults.set('onnx/decoder_model_merged.onnx', { kind: 'status', status: 404 });
    expect((await download()).ok).toBe(false);
    hub.faults.clear();
    hub.faults.set('onnx/decoder_model_merged.onnx', { kind: 'cut', afterBytes: 100_000, times: 1 });
    expect(await download()).toMatchObject({ ok: true });
    for (const { path } of files) expect(await readFile(join(to, path))).toEqual(await readFile(join(model, path)));
    const before = hub.requests.length;
    expect((await download()).ok).toBe(true);
    expect(hub.requests.length).toBe(before);
  });

  it('says what is wrong with an id or an address before anything is asked', async () => {
    expect(await run('fetch', 'emollm-s')).toMatchObject({ code: 2, error: expect.stringContaining('no pack that is fetched') });
    expect(await run('fetch', 'smolvlm-256m-instruct', '--hub', 'ftp://x')).toMatchObject({ code: 2 });
    expect(await run('fetch', 'smolvlm-256m-instruct', '--hub', hub.url)).toMatchObject({
      code: 1,
      error: expect.stringContaining('HuggingFaceTB'),
    });
  });
});

it('lists its packs with their licences', async () => {
  const { code, out } = await run('packs');
  expect(code).toBe(0);
  expect(out).toContain('smolvlm-256m-instruct: SmolVLM 256M (Apache-2.0)');
  expect(out).not.toContain('tiny');
});

it('says how to get a pack that is not here', async () => {
  process.env.EMOLLM_PACKS = join(folder, 'nothing');
  const { code, error } = await run('analyze', bright, '--pack', 'smolvlm-256m-instruct');
  delete process.env.EMOLLM_PACKS;
  expect(code).toBe(1);
  expect(error).toContain('emollm fetch smolvlm-256m-instruct');
});
