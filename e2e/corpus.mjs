/**
 * Makes bad input: pictures, videos, tables of labels, sessions and reports that are cut off, mislabelled, oversized or hostile, each with
 * what the page says to it. `node e2e/corpus.mjs <folder>` writes the files; the tests write them to a folder of their own.
 * The same bytes come out each time. What takes ffmpeg lies in `fixtures/` (see make.sh there) and is copied or bent from there.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32, deflateRawSync, deflateSync } from 'node:zlib';
import sharp from 'sharp';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const PORTRAIT = join(import.meta.dirname, '../public/samples/astronaut.jpg');

/**
 * `item`: dropped, it becomes one; `labels`: a folder to evaluate, as a ZIP; `session`: an archive that is dropped; `report`: opened in the
 * evaluation. `says`: words of the page's message; null: it is taken.
 * @typedef {{ name: string, as: 'item' | 'labels' | 'session' | 'report', says: string | null, bytes: Uint8Array }} Case
 */

/**
 * A file of a ZIP; what is given beside its bytes stands in the ZIP in place of the truth.
 * @typedef {{ name: string, bytes: Uint8Array, packed?: Uint8Array, size?: number, flags?: number, crc?: number }} Entry
 */

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);
/** Big-endian. @param {number} value @param {number} bytes */
const be = (value, bytes) => Uint8Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** (bytes - 1 - index)) & 0xff);
/** Little-endian. @param {number} value @param {number} bytes */
const le = (value, bytes) => be(value, bytes).reverse();
/** @param {...(Uint8Array | number[] | string)} parts */
const bytesOf = (...parts) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

/** @param {Entry[]} entries */
export function zipOf(entries) {
  /** @type {Uint8Array[]} */
  const files = [];
  /** @type {Uint8Array[]} */
  const directory = [];
  let at = 0;
  for (const { name, bytes, packed = deflateRawSync(bytes), size = bytes.length, flags = 0x800, crc = crc32(bytes) } of entries) {
    const path = utf8(name);
    const facts = bytesOf(le(20, 2), le(flags, 2), le(8, 2), le(0, 4), le(crc, 4), le(packed.length, 4), le(size, 4), le(path.length, 2));
    const file = bytesOf('PK\x03\x04', facts, le(0, 2), path, packed);
    directory.push(bytesOf('PK\x01\x02', le(20, 2), facts, le(0, 12), le(at, 4), path));
    files.push(file);
    at += file.length;
  }
  const listed = bytesOf(...directory);
  const count = le(entries.length, 2);
  return bytesOf(...files, listed, 'PK\x05\x06', le(0, 4), count, count, le(listed.length, 4), le(at, 4), le(0, 2));
}

/** @param {string} kind @param {Uint8Array} data */
function pngChunk(kind, data) {
  const body = bytesOf(kind, data);
  return bytesOf(be(data.length, 4), body, be(crc32(body), 4));
}

const PNG = '\x89PNG\r\n\x1a\n';

/** One colour, one bit a pixel: 20,000 × 20,000 of them are some 50 kB. @param {number} width @param {number} height */
export function plainPng(width, height) {
  const header = bytesOf(be(width, 4), be(height, 4), [1, 0, 0, 0, 0]);
  const rows = deflateSync(new Uint8Array(height * (1 + Math.ceil(width / 8))), { level: 9 });
  return bytesOf(PNG, pngChunk('IHDR', header), pngChunk('IDAT', rows), pngChunk('IEND', new Uint8Array()));
}

/** Two frames. @param {Buffer} first @param {Buffer} second PNGs of one size, made alike */
function animatedPng(first, second) {
  /** @param {Buffer} png */
  const chunks = (png) => {
    const found = [];
    for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
      found.push({ kind: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + png.readUInt32BE(at)) });
    }
    return found;
  };
  /** @param {Buffer} png */
  const pixels = (png) => bytesOf(...chunks(png).flatMap(({ kind, data }) => (kind === 'IDAT' ? [data] : [])));
  const header = chunks(first).find(({ kind }) => kind === 'IHDR')?.data ?? new Uint8Array();
  /** @param {number} number */
  const control = (number) => pngChunk('fcTL', bytesOf(be(number, 4), header.subarray(0, 8), be(0, 8), be(1, 2), be(10, 2), [0, 0]));
  return bytesOf(
    ...[PNG, pngChunk('IHDR', header), pngChunk('acTL', bytesOf(be(2, 4), be(0, 4))), control(0), pngChunk('IDAT', pixels(first))],
    ...[control(1), pngChunk('fdAT', bytesOf(be(2, 4), pixels(second))), pngChunk('IEND', new Uint8Array())],
  );
}

/** A GIF that says 1 × 1 and has one picture of another size, which browsers would go by. @param {number} side */
const wideGif = (side) =>
  bytesOf(
    'GIF89a',
    le(1, 2),
    le(1, 2),
    [0x80, 0, 0],
    [0, 0, 0, 255, 255, 255],
    ',',
    le(0, 4),
    le(side, 2),
    le(side, 2),
    [0, 2, 2, 0x44, 1, 0],
    ';',
  );

/** A picture's header with enough before its frame header that a quick look does not come to it. @param {number} side */
function lateHeader(side) {
  const filling = bytesOf([0xff, 0xef], be(65_535, 2), new Uint8Array(65_533));
  const frame = bytesOf([0xff, 0xc0], be(11, 2), [8], be(side, 2), be(side, 2), [1, 1, 0x11, 0]);
  return bytesOf([0xff, 0xd8], ...Array.from({ length: 20 }, () => filling), frame, new Uint8Array(64));
}

/** The same video, shown a quarter turn clockwise. @param {Buffer} mp4 with one track of a version 0 header */
function rotated(mp4) {
  const turned = Buffer.from(mp4);
  const one = be(0x10000, 4);
  const matrix = bytesOf(be(0, 4), one, be(0, 4), be(0xffff0000, 4), be(0, 8), be(320 * 0x10000, 4), be(0, 4), be(0x40000000, 4));
  turned.set(matrix, turned.indexOf('tkhd') + 4 + 40);
  return turned;
}

const SCRIPT =
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" onload="window.injected = 1"><script>window.injected = 2</script>' +
  '<image href="https://example.org/spy.png" width="9" height="9"/><foreignObject><iframe src="https://example.org/"/></foreignObject></svg>';

/** @param {number} time */
const row = (time, faceId = 1) => ({
  ...{ faceId, time, box: { x: 1, y: 1, width: 20, height: 20 }, roll: 0, score: 0.9 },
  probabilities: { neutral: 1, happiness: 0, surprise: 0, sadness: 0, anger: 0, disgust: 0, fear: 0, contempt: 0 },
  ...{ emotion: 'neutral', valence: 0, arousal: 0, actionUnits: [], traits: [], landmarks: [] },
});

const record = (more = {}) => ({
  ...{ id: 'item-1', kind: 'video', name: 'clip.mp4', phase: 'ready', error: null, snapshot: null, explanations: [] },
  ...{ people: { names: {}, sameAs: {} }, marks: [], takes: [], mirrored: false },
  ...more,
});

const session = (records = [record()]) => ({
  session: {
    ...{ id: 'session-1', format: 1, app: '0.1.0', createdAt: 0, savedAt: 0, task: 'emotion', selectedId: null },
    ...{ itemIds: records.map(({ id }) => id), readings: 0, bytes: 0, deletedAt: null },
  },
  items: records.map((each) => ({ record: each, type: '', frames: [], takes: [] })),
});

const job = {
  from: 0,
  to: 10,
  phase: 'stopped',
  smoothing: 0,
  reached: 10,
  frames: 9,
  lost: [],
  decoder: null,
  codec: '',
  width: 9,
  height: 9,
  size: 9,
  error: null,
};

/** Text of a model that would be more than text. */
export const MARKUP = '<img src=x onerror="window.injected = 4"><script>window.injected = 5</script>';

const marked = {
  ...{ runId: 'run-1', task: 'emotion', time: 0, phase: 'done', step: null, error: null, prompt: MARKUP, promptTokens: 9, words: null },
  steps: { observe: MARKUP, cues: MARKUP, reason: MARKUP, answer: MARKUP },
  evidence: { observe: [{ kind: 'claim', phrase: MARKUP, holds: false, lines: [] }], cues: [], reason: [], answer: [] },
  answer: { text: MARKUP, distribution: [{ option: MARKUP, probability: 1 }] },
  ...{ tokensPerSecond: null, times: {}, snapshot: null },
};

/** Strange, and yet sessions. */
export const SOUND_SESSIONS = ['prototype', 'markup'];

/** Sessions by what is wrong with them. @returns {[name: string, entries: Entry[]][]} */
export function hostileSessions() {
  /** @param {unknown} value @param {string} [name] @returns {Entry} */
  const json = (value, name = 'session.json') => ({ name, bytes: utf8(typeof value === 'string' ? value : JSON.stringify(value)) });
  const good = json(session());
  const zeros = new Uint8Array(64_000_000);
  const packedZeros = deflateRawSync(zeros);
  const many = Array.from({ length: 30_000 }, (_, index) => record({ id: `item-${index}` }));
  return [
    ['deep', [json(`{"session":${'['.repeat(200_000)}${']'.repeat(200_000)},"items":[]}`)]],
    [
      'prototype',
      [
        json(
          JSON.stringify(session([record({ people: { names: { 1: 'Ada' }, sameAs: {} } })])).replace(
            '"names":{',
            '"names":{"__proto__":"x","constructor":"y",',
          ),
        ),
      ],
    ],
    [
      'infinite',
      [
        json(
          JSON.stringify(session([record({ marks: [{ id: 'm', kind: 'event', time: 777, end: null, text: '' }] })])).replace(
            '777',
            '1e999',
          ),
        ),
      ],
    ],
    ['far', [json(session([record({ marks: [{ id: 'm', kind: 'event', time: 1e308, end: null, text: '' }] })]))]],
    ['rate', [json(session([record({ jobs: [{ ...job, framesPerSecond: 1e9 }] })]))]],
    ['long-job', [json(session([record({ jobs: [{ ...job, framesPerSecond: 30, to: 1e6, reached: 1e6 }] })]))]],
    ['many-items', [json(session(many))]],
    [
      'many-faces',
      [
        good,
        json(
          Array.from({ length: 40_000 }, (_, face) => row(face * 60, face)),
          'item-1/readings-1.json',
        ),
      ],
    ],
    ['not-json', [json('{"session":')]],
    ['bomb', [good, { name: 'item-1/file', bytes: zeros, packed: packedZeros }]],
    ['hidden-bomb', [good, { name: 'item-1/thumbnail.jpg', bytes: zeros, packed: packedZeros, size: 1000 }]],
    ['traversal', [good, json('x', 'item-1/../../evil')]],
    ['absolute', [good, json('x', '/etc/passwd')]],
    ['twice', [good, json(session(), 'session.json')]],
    ['wrong-sum', [{ ...good, crc: 1 }]],
    ['encrypted', [{ ...good, flags: 0x801 }]],
    ['nothing', []],
    ['another-app', [json({ hello: 'world' })]],
    ['markup', [json(session([record({ name: MARKUP, explanations: [marked] })]))]],
  ];
}

const LABEL = 'file,label\n';
/** @param {number} count */
const million = (count) => {
  const lines = [LABEL];
  for (let index = 0; index < count; index += 1) lines.push(`faces/${String(index).padStart(7, '0')}.jpg,happiness\n`);
  return Buffer.from(lines.join(''), 'latin1');
};

/** Tables of labels. @returns {[name: string, csv: Uint8Array, says: string | null][]} */
function labelTables() {
  const utf16 = Buffer.from(`\uFEFF${LABEL}a.png,neutral\n`, 'utf16le');
  return [
    ['columns', utf8('picture;emotion\na.png;neutral\n'), 'the columns must be'],
    ['million', million(1_000_000), 'line 2'],
    ['quotes', utf8(`${LABEL}"a.png,neutral\nb.png,fear\n`), 'a double quote is not closed'],
    ['quoted', utf8(`"file","label"\r\n"a.png","neutral"\r\n`), null],
    ['outside', utf8(`${LABEL}../../etc/passwd,neutral\n`), 'is not inside the folder'],
    ['utf-16', utf16, null],
    ['utf-16-big', Buffer.from(utf16).swap16(), null],
    ['bom', utf8(`\uFEFF${LABEL}a.png,neutral\n`), null],
    ['latin-1', Buffer.from(`${LABEL}a.png,neutral\nm\xfcde.png,sadness\n`, 'latin1'), 'line 3: this is not UTF-8'],
    ['nothing', new Uint8Array(), 'the columns must be'],
    ['zeros', new Uint8Array(20_000), 'the columns must be'],
  ];
}

/** Every file of the corpus. @returns {Promise<Case[]>} */
export async function makeCorpus() {
  const portrait = () => sharp(PORTRAIT).resize(256);
  const small = await portrait().png().toBuffer();
  const other = await portrait().negate().png().toBuffer();
  const jpeg = await portrait().jpeg().toBuffer();
  const frames = await sharp(
    [small, other].map((input) => input),
    { join: { animated: true } },
  )
    .gif()
    .toBuffer();
  /** @param {string} name */
  const fixture = (name) => readFileSync(join(FIXTURES, name));
  /** @param {string} name @param {Uint8Array} bytes @param {string | null} says @returns {Case} */
  const item = (name, bytes, says = null) => ({ name, as: 'item', says, bytes });
  const noPicture = 'neither a picture nor a video';
  const damaged = 'This picture is damaged';
  const clip = fixture('clip.mp4');
  const webm = fixture('clip.webm');
  const cluster = webm.indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]));
  const picture = await sharp(PORTRAIT).resize(96, 96).png().toBuffer();
  return [
    item('cut-off.png', small.subarray(0, small.length >> 1), damaged),
    item('cut-off-late.jpg', jpeg.subarray(0, jpeg.length >> 1), damaged),
    item('really-a-jpeg.png', jpeg),
    item('really-text.jpg', utf8('Dear reader, this is no picture.'), noPicture),
    item('cmyk.jpg', await portrait().toColourspace('cmyk').jpeg().toBuffer()),
    item('sixteen-bit.png', await portrait().toColourspace('rgb16').png().toBuffer()),
    item('turned.jpg', await sharp(PORTRAIT).resize(200, 300).rotate(90).withMetadata({ orientation: 8 }).jpeg().toBuffer()),
    item('animated.gif', frames),
    item('animated.webp', await sharp(frames, { animated: true }).webp().toBuffer()),
    item('animated.png', animatedPng(small, other)),
    item('one-pixel.png', plainPng(1, 1)),
    item('one-row.png', plainPng(30_000, 1)),
    item('twenty-thousand.png', plainPng(20_000, 20_000), '400 megapixels'),
    item('wide-inside.gif', wideGif(20_000), '400 megapixels'),
    item('late-header.jpg', lateHeader(30_000), '900 megapixels'),
    item('no-header.jpg', bytesOf([0xff, 0xd8, 0xff, 0xe0], be(4, 2), be(0, 2), [0xff, 0xd9]), damaged),
    item('scripts.svg', utf8(SCRIPT), noPicture),
    item('scripts.png', utf8(SCRIPT), noPicture),
    item('page.jpg', utf8(`<!doctype html><script>window.injected = 3</script>`), noPicture),
    item('zero-length.mp4', new Uint8Array(), 'This file is empty'),
    item('cut-off.mp4', clip.subarray(0, clip.length >> 1), 'This video is damaged'),
    item('cut-off.webm', webm.subarray(0, webm.length >> 1)),
    item('no-index.mp4', fixture('broken.mp4'), 'This video is damaged'),
    item('no-frames.webm', webm.subarray(0, cluster), 'This video is damaged'),
    item('unknown-codec.mp4', Buffer.from(clip.toString('latin1').replaceAll('avc1', 'zzz9'), 'latin1'), 'This video is damaged'),
    ...['no-picture.mp4', 'no-picture.webm'].map((name) => item(name, fixture(`corpus/${name}`), 'sound but no picture')),
    item('rotated.mp4', rotated(clip)),
    ...['variable-rate.mp4', 'eight-k.mp4'].map((name) => item(name, fixture(`corpus/${name}`))),
    ...labelTables().map(([name, bytes, says]) => {
      const entries = [
        { name: 'labels.csv', bytes },
        { name: 'a.png', bytes: picture },
      ];
      return /** @type {Case} */ ({ name: `labels-${name}.zip`, as: 'labels', says, bytes: zipOf(entries) });
    }),
    ...hostileSessions().map(([name, entries]) => {
      const says = SOUND_SESSIONS.includes(name) ? null : 'not a session of this page';
      return /** @type {Case} */ ({ name: `session-${name}.zip`, as: 'session', says, bytes: zipOf(entries) });
    }),
  ];
}

/** Writes the corpus. @param {string} folder @returns {Promise<Omit<Case, 'bytes'>[]>} what is there */
export async function writeCorpus(folder) {
  mkdirSync(folder, { recursive: true });
  const cases = await makeCorpus();
  for (const { name, bytes } of cases) writeFileSync(join(folder, name), bytes);
  return cases.map(({ bytes: _, ...rest }) => rest);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , folder = 'corpus'] = process.argv;
  const written = await writeCorpus(folder);
  console.log(`${written.length} files in ${folder}`);
}
