import { expect, test } from 'vitest';
import { readAudit } from './audit.mjs';
import { allowed, checkHashes, checkLicences, checkPins } from './check-dependencies.mjs';
import { ROOT } from './house.mjs';
import { billOfMaterials } from './sbom.mjs';

const integrity = 'sha512-AAAA';

test('a version that may move is seen, and one from elsewhere', () => {
  const loose = { react: '^19.0.0', vite: '8', local: 'file:../x', hub: 'github:a/b' };
  expect(checkPins({ dependencies: loose })).toHaveLength(4);
  expect(checkPins({ devDependencies: { vite: '~8.3.8' } })).toEqual(['vite is not pinned: ~8.3.8']);
  expect(checkPins({ dependencies: { ort: '1.31.0-dev.20260911-2a43ec07e' }, devDependencies: { vite: '8.3.8' } })).toEqual([]);
});

test('a licence that is not allowed is seen, and a package that states none', () => {
  const packages = {
    '': { license: 'Apache-2.0' },
    'node_modules/good': { license: 'MIT' },
    'node_modules/a/node_modules/@bad/copyleft': { license: 'AGPL-3.0-only' },
    'node_modules/mute': {},
    'node_modules/lgpl': { license: 'LGPL-3.0-or-later' },
    'node_modules/@img/sharp-libvips-linux-x64': { license: 'LGPL-3.0-or-later' },
  };
  expect(checkLicences(packages)).toEqual([
    '@bad/copyleft has the licence AGPL-3.0-only',
    'mute states no licence',
    'lgpl has the licence LGPL-3.0-or-later',
  ]);
});

test('of a choice one licence is enough, of a sum none may be missing', () => {
  const mit = (licence: string) => licence === 'MIT';
  expect(allowed('(MIT OR GPL-3.0-only)', mit)).toBe(true);
  expect(allowed('MIT AND GPL-3.0-only', mit)).toBe(false);
  expect(allowed('GPL-3.0-only OR MIT AND GPL-3.0-only', mit)).toBe(false);
  expect(allowed('(MIT OR GPL-3.0-only) AND GPL-3.0-only', mit)).toBe(false);
  expect(allowed('((GPL-3.0-only AND MIT) OR MIT) AND (MIT)', mit)).toBe(true);
});

test('a package without a hash in the lock file is seen', () => {
  expect(checkHashes({ '': {}, 'node_modules/a': { integrity }, 'node_modules/b': {} })).toEqual([
    'node_modules/b has no hash in the lock file',
  ]);
});

test('the bill names what ships with licence and hash, the weights with their sources, and no development tool', () => {
  const { components } = JSON.parse(billOfMaterials(ROOT)) as {
    components: {
      name: string;
      type: string;
      licenses: unknown[];
      hashes: unknown[];
      components?: { name: string; description: string }[];
    }[];
  };
  const byName = new Map(components.map((each) => [each.name, each]));
  for (const name of ['onnxruntime-web', 'react', 'serwist', 'tslib', '@img/sharp-linux-x64'])
    expect(byName.get(name)?.hashes, name).toHaveLength(1);
  for (const name of ['vite', 'typescript', '@playwright/test']) expect(byName.has(name), name).toBe(false);
  expect(components.filter(({ licenses }) => licenses.length === 0)).toEqual([]);
  const pack = byName.get('emollm-s');
  expect(pack?.type).toBe('machine-learning-model');
  expect(pack?.components?.map(({ name }) => name).join()).toContain('face encoder');
  expect(pack?.components?.filter(({ description }) => description === '')).toEqual([]);
});

test('an audit that reached nobody is no audit; one that did names what is high or critical', () => {
  expect(readAudit('')).toBeNull();
  expect(readAudit('{"message":"405 Method Not Allowed","statusCode":405}')).toBeNull();
  const advisory = (name: string, severity: string) => ({ name, severity, range: '<2' });
  const vulnerabilities = { a: advisory('a', 'critical'), b: advisory('b', 'moderate'), c: advisory('c', 'high') };
  expect(readAudit(JSON.stringify({ vulnerabilities }))).toEqual({ faults: ['a <2: critical', 'c <2: high'] });
  expect(readAudit('{"vulnerabilities":{}}')).toEqual({ faults: [] });
});
