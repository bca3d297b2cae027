import { strToU8, zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { type SortedFiles, sortFiles } from './dropped-files.ts';
import { pathOf } from './labelled-folder.ts';

const picture = new File(['pixels'], 'a.png');

/** A file as react-dropzone gives it from a dropped folder. */
function dropped(path: string): File {
  return Object.assign(new File(['x'], path.split('/').at(-1) ?? path), { relativePath: `./${path}` });
}

/** By their paths: to `toEqual` files of one size are equal, whatever they are called. */
function told({ labelled = [], packs = [], sessions = [], others = [] }: Partial<SortedFiles>) {
  const paths = (files: readonly File[]) => files.map(pathOf);
  return { labelled: paths(labelled), packs: packs.map(paths), sessions: paths(sessions), others: paths(others) };
}

const sorted = async (files: readonly File[]) => told(await sortFiles(files));

function zip(name: string, ...paths: string[]): File {
  return new File([zipSync(Object.fromEntries(paths.map((path) => [path, strToU8('x')])))], name);
}

it('tells a pack from labelled pictures and a session by what is in the archive', async () => {
  const pack = zip('mine.zip', 'mine/manifest.json', 'mine/reader.onnx');
  const labelled = zip('set.zip', 'set/labels.csv', 'set/a.png');
  const session = zip('session.zip', 'session.json', 'manifest.json');
  expect(await sorted([picture, session, pack, labelled])).toEqual(
    told({
      labelled: [labelled],
      packs: [[pack]],
      sessions: [session],
      others: [picture],
    }),
  );
});

it('takes a ZIP by its type where its name does not say so, and the first of two labelled ones', async () => {
  const { buffer } = zipSync({ 'mine/manifest.json': strToU8('x') });
  const nameless = new File([buffer], 'download', { type: 'application/zip' });
  expect(await sorted([nameless])).toEqual(told({ packs: [[nameless]], others: [] }));
  const first = zip('one.zip', 'one/labels.csv');
  const second = zip('two.zip', 'two/labels.csv');
  expect(await sorted([first, second])).toEqual(told({ labelled: [first], packs: [], sessions: [second] }));
});

it('takes a ZIP for a pack though one of its files is larger than any picture', async () => {
  const bytes = zipSync({ 'mine/manifest.json': strToU8('x'), 'mine/reader.onnx': [strToU8('x'), { level: 0 }] });
  // What the directory says of the second file: 300 MB.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const second = bytes.findLastIndex((_, at) => at + 4 <= bytes.length && view.getUint32(at, true) === 0x02014b50);
  view.setUint32(second + 20, 300e6, true);
  view.setUint32(second + 24, 300e6, true);
  const pack = new File([bytes], 'mine.zip');
  expect(await sorted([pack])).toEqual(told({ packs: [[pack]], sessions: [] }));
});

it('takes a dropped folder with a manifest for a pack, whole', async () => {
  const folder = [dropped('mine/manifest.json'), dropped('mine/reader.onnx')];
  expect(await sorted(folder)).toEqual(told({ labelled: [], packs: [folder], sessions: [], others: [] }));
});

it('takes a folder as it lies on the hub for a pack, and not every folder with a config.json', async () => {
  const folder = [dropped('Smol/config.json'), dropped('Smol/tokenizer.json'), dropped('Smol/onnx/decoder_model_merged_q4.onnx')];
  expect(await sorted(folder)).toEqual(told({ packs: [folder] }));
  const loose = [dropped('config.json'), dropped('tokenizer.json'), dropped('onnx/decoder_model_merged_q4.onnx')];
  expect(await sorted(loose)).toEqual(told({ packs: [loose] }));
  for (const lacking of [
    ['config.json', 'a.png'],
    ['config.json', 'tokenizer.json', 'a.safetensors'],
    ['config.json', 'onnx/a.onnx'],
  ]) {
    const others = lacking.map((name) => dropped(`site/${name}`));
    expect(await sorted(others)).toEqual(told({ packs: [], others }));
  }
});

it('takes two packs that are dropped together for two, and what lies beside them for itself', async () => {
  const first = [dropped('one/manifest.json'), dropped('one/reader.onnx')];
  const second = [dropped('two/manifest.json'), dropped('two/reader.onnx')];
  const zips = [zip('three.zip', 'manifest.json'), zip('four.zip', 'four/manifest.json')];
  expect(await sorted([...first, ...second, ...zips, picture])).toEqual(
    told({
      labelled: [],
      packs: [first, second, ...zips.map((each) => [each])],
      sessions: [],
      others: [picture],
    }),
  );
  const loose = [dropped('manifest.json'), dropped('onnx/reader.onnx')];
  expect(await sorted(loose)).toEqual(told({ packs: [loose] }));
});

it('a manifest deep among pictures makes no pack of them, and labels win', async () => {
  const deep = [dropped('photos/web/app/manifest.json'), dropped('photos/a.png')];
  expect(await sorted(deep)).toEqual(told({ packs: [], others: deep }));
  const labelled = [dropped('set/labels.csv'), dropped('set/a.png')];
  expect(await sorted(labelled)).toEqual(told({ labelled, others: [] }));
  const both = [dropped('set/labels.csv'), dropped('set/manifest.json')];
  expect(await sorted(both)).toEqual(told({ labelled: both, packs: [] }));
});

it('pictures alone are pictures', async () => {
  expect(await sorted([picture])).toEqual(told({ labelled: [], packs: [], sessions: [], others: [picture] }));
});
