import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest.ts';

/** What is about to be broken has no type. */
type Broken = ReturnType<typeof JSON.parse>;
const path = join(import.meta.dirname, '../../public/models/tiny/manifest.json');
const changed = (change: (manifest: Broken) => void): unknown => {
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  change(manifest);
  return manifest;
};

describe('parseManifest', () => {
  it('takes the manifest of a committed pack', () => {
    expect(parseManifest(changed(() => {}))).toMatchObject({ ok: true, value: { id: 'tiny' } });
  });

  it.each<[string, (manifest: Broken) => void, string, string]>([
    ['a future format', (m) => Object.assign(m, { format: 2 }), 'pack-unsupported', 'format 2'],
    ['a missing part', (m) => delete m.faceEncoder.labels, 'pack-corrupt', 'faceEncoder.labels'],
    ['a path out of the folder', (m) => Object.assign(m.files[0], { path: '../secret' }), 'pack-corrupt', 'files.0.path'],
    ['a file of over 48 MB', (m) => Object.assign(m.files[0], { bytes: 50_000_000 }), 'pack-corrupt', 'files.0.bytes'],
    ['a graph whose file is not listed', (m) => Object.assign(m.graphs.projection, { file: 'other.onnx' }), 'pack-corrupt', 'other.onnx'],
    [
      'more context than any memory',
      (m) => Object.assign(m.languageModel, { contextLength: 1e9 }),
      'pack-corrupt',
      'languageModel.contextLength',
    ],
    ['a picture of any size', (m) => Object.assign(m.sceneEncoder, { size: 2 ** 31 }), 'pack-corrupt', 'sceneEncoder.size'],
    [
      'a number beyond all bounds',
      (m) => Object.assign(m.faceEncoder, { temperature: JSON.parse('1e999') }),
      'pack-corrupt',
      'faceEncoder.temperature',
    ],
    ['a label twice', (m) => m.faceEncoder.labels.splice(0, 1, 'fear'), 'pack-unsupported', 'fear'],
    [
      'a calibration that does not fit its options',
      (m) => m.prompt.calibration.push({ task: 'hate', options: ['yes', 'no'], scale: 1, evidence: 0, bias: [0] }),
      'pack-corrupt',
      '1 biases for 2 options',
    ],
    [
      'meanings for other strengths than its texts tell',
      (m) => {
        m.prompt.meaningAfter = [['suggests'], ['speaks for']];
        const meanings = [['irony', 'mockery'], ['plain speech']];
        m.prompt.calibration.push({ task: 'hate', options: ['yes', 'no'], scale: 1, evidence: 0, bias: [0, 0], meanings });
      },
      'pack-corrupt',
      '1 meanings for 2 strengths',
    ],
  ])('refuses %s, and says where', (_name, change, code, words) => {
    const parsed = parseManifest(changed(change));
    expect(parsed).toMatchObject({ ok: false, error: { code } });
    expect(parsed.ok ? '' : `${parsed.error.message} ${parsed.error.detail}`).toContain(words);
  });

  it.each([null, 'text', [], {}])('refuses %j', (value) => {
    expect(parseManifest(value)).toMatchObject({ ok: false, error: { code: 'pack-corrupt' } });
  });
});
