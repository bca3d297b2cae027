import { expect, it } from 'vitest';
import { nameOf, packLabels } from './pack-name.ts';

const own = (version: string, hash: string) => nameOf({ id: 'emollm-s', version, hash: hash.repeat(64) }, undefined);
const foundation = nameOf(
  { id: 'emollm-s', version: '1.0.0', hash: 'a' },
  { id: 'smol', revision: 'c'.repeat(40), dtypes: {}, device: 'x' },
);

it('names a pack by its id, and with version and hash where another has that id', () => {
  expect(packLabels([own('1.0.0', 'a'), own('1.0.0', 'a'), foundation])).toEqual(['emollm-s', 'emollm-s', 'smol']);
  expect(packLabels([own('1.0.0', 'a'), own('1.0.0', 'b'), own('2.0.0', 'c')])).toEqual([
    'emollm-s 1.0.0 aaaaaaaa',
    'emollm-s 1.0.0 bbbbbbbb',
    'emollm-s 2.0.0 cccccccc',
  ]);
  expect(packLabels([foundation, { ...foundation, pack_version: 'd'.repeat(40) }])).toEqual(['smol cccccccc', 'smol dddddddd']);
  expect(packLabels([{ pack: 'old' }])).toEqual(['old']);
});
