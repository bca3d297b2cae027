import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { holdsLabels, isLabelledZip, type LabelledFolder, labelledFiles, labelledZip } from './labelled-folder.ts';
import { ZIP_LIMITS } from './zip-reader.ts';

const LABELS = 'file,label\na.png,neutral\n';

/** A file as react-dropzone gives it from a dropped folder. */
function dropped(path: string, text: string): File {
  return Object.assign(new File([text], path.split('/').at(-1) ?? path), { relativePath: `./${path}` });
}

function zip(files: Record<string, string>, name = 'faces.zip'): File {
  return new File([zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])))], name);
}

function opened(result: Awaited<ReturnType<typeof labelledFiles>>): LabelledFolder {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function textOf(folder: LabelledFolder, file: string): Promise<string> {
  const found = await folder.open(file);
  if (!found.ok) throw new Error(found.error.message);
  return found.value.text();
}

describe('a labelled folder', () => {
  it.each([
    ['dropped', () => labelledFiles([dropped('set/labels.csv', LABELS), dropped('set/in/A.PNG', 'pixels')])],
    ['in a ZIP', () => labelledZip(zip({ 'set/labels.csv': LABELS, 'set/in/A.PNG': 'pixels' }, 'set.zip'))],
  ])('%s: paths count from where labels.csv is, and a file is found in another case', async (_what, open) => {
    const folder = opened(await open());
    expect(folder).toMatchObject({ name: 'set', labels: LABELS });
    for (const name of ['in/A.PNG', 'in/a.png', '.\\in\\A.PNG']) expect(await textOf(folder, name)).toBe('pixels');
    const file = await folder.open('in/a.png');
    expect(file.ok && file.value.name).toBe('a.png');
    expect(folder.has('in/b.png')).toBe(false);
    expect(await folder.open('in/b.png')).toMatchObject({ ok: false, error: { code: 'file-unreadable' } });
  });

  it('takes no other case where two would do', async () => {
    const folder = opened(await labelledFiles([dropped('labels.csv', LABELS), dropped('A.png', '1'), dropped('a.PNG', '2')]));
    expect(await textOf(folder, 'A.png')).toBe('1');
    expect(folder.has('a.png')).toBe(false);
  });

  it('finds a name that is composed in another way', async () => {
    const folder = opened(await labelledFiles([dropped('labels.csv', LABELS), dropped('u\u0308.png', 'x')]));
    expect(folder.has('\u00fc.png')).toBe(true);
  });

  it('takes the labels.csv nearest to the top, and does not choose between two', async () => {
    const deeper = { 'labels.csv': LABELS, 'more/labels.csv': 'other' };
    expect(opened(await labelledZip(zip(deeper))).labels).toBe(LABELS);
    const two = await labelledZip(zip({ 'one/labels.csv': LABELS, 'two/labels.csv': LABELS }));
    expect(two).toMatchObject({ ok: false, error: { code: 'labels-invalid', message: expect.stringContaining('two/labels.csv') } });
    const junk = { '__MACOSX/labels.csv': 'junk', 'set/._labels.csv': 'junk', 'set/labels.csv': LABELS };
    expect(opened(await labelledZip(zip(junk))).labels).toBe(LABELS);
  });

  it('says that there is no labels.csv', async () => {
    expect(await labelledFiles([dropped('a.png', '')])).toMatchObject({ ok: false, error: { code: 'labels-invalid' } });
  });
});

describe('what was dropped', () => {
  it('is a labelled folder where labels.csv is among it', () => {
    expect(holdsLabels([dropped('set/Labels.csv', ''), dropped('set/a.png', '')])).toBe(true);
    expect(holdsLabels([dropped('set/mylabels.csv', '')])).toBe(false);
  });

  it.each([
    [{ 'set/labels.csv': LABELS }, true],
    [{ 'session.json': '{}', 'item-1/file': '' }, false],
    [{ 'session.json': '{}', 'labels.csv': LABELS }, false],
    [{ 'a.png': '' }, false],
    [{ '__MACOSX/labels.csv': '' }, false],
  ])('is a labelled ZIP by its content: %j', async (files, expected) => {
    expect(await isLabelledZip(zip(files))).toBe(expected);
  });

  it('is none where it is no ZIP', async () => {
    expect(await isLabelledZip(new File(['not a ZIP at all, though long enough'], 'faces.zip'))).toBe(false);
  });
});

describe('a ZIP that is a trap', () => {
  const limits = { ...ZIP_LIMITS, files: 2, fileBytes: 2000, bytes: 2500 };
  it.each([
    ['too many files', { 'labels.csv': LABELS, a: '', b: '' }],
    ['a file too large', { 'labels.csv': LABELS, a: 'x'.repeat(2001) }],
    ['too much in all', { 'labels.csv': 'x'.repeat(1400), a: 'x'.repeat(1400) }],
  ])('%s', async (_what, files) => {
    expect(await labelledZip(zip(files), limits)).toMatchObject({ ok: false, error: { code: 'file-unreadable' } });
  });

  it('one that shrank a thousandfold', async () => {
    expect(await labelledZip(zip({ 'labels.csv': LABELS, a: '\0'.repeat(3_000_000) }))).toMatchObject({
      ok: false,
      error: { detail: expect.stringContaining('larger than it says') },
    });
  });

  it('one that says less than it holds gives no more than it says', async () => {
    const bytes = new Uint8Array(await zip({ 'labels.csv': LABELS, 'a.png': 'pixels '.repeat(100) }).arrayBuffer());
    const view = new DataView(bytes.buffer);
    // The directory's record of a.png, from its signature on; its size is at 24.
    for (let at = bytes.length - 4; at >= 0; at -= 1) {
      if (view.getUint32(at, true) === 0x02014b50) {
        view.setUint32(at + 24, 10, true);
        break;
      }
    }
    const found = await opened(await labelledZip(new File([bytes], 'faces.zip'))).open('a.png');
    if (found.ok) expect(found.value.size).toBeLessThanOrEqual(10);
    else expect(found.error.code).toBe('picture-broken');
  });

  it('a file that is damaged is that file’s fault alone', async () => {
    const bytes = new Uint8Array(await zip({ 'labels.csv': LABELS, 'a.png': 'pixels '.repeat(100), 'b.png': 'more' }).arrayBuffer());
    const text = new TextDecoder('latin1').decode(bytes);
    bytes.fill(0xff, text.indexOf('a.png') + 5, text.indexOf('a.png') + 15);
    const folder = opened(await labelledZip(new File([bytes], 'faces.zip')));
    expect(await folder.open('a.png')).toMatchObject({ ok: false, error: { code: 'picture-broken' } });
    expect(await textOf(folder, 'b.png')).toBe('more');
  });
});
