import { expect, it } from 'vitest';
import { firstChoice, packId } from './pack-choice.ts';
import { readAddress } from './settings.ts';

const set = { foundation: 'smolvlm-256m-instruct', storedPack: 'mine' };

it('begins with what was set, unless the address names something else', () => {
  expect(firstChoice(readAddress(''), set)).toEqual(set);
  expect(firstChoice(readAddress('?foundation=qwen2-vl-2b-instruct'), set)).toEqual({ ...set, foundation: 'qwen2-vl-2b-instruct' });
  expect(firstChoice(readAddress('?pack=tiny'), set)).toEqual({ ...set, storedPack: null });
});

it('takes no name that could leave its folder', () => {
  expect(['smolvlm2-500m', 'Qwen2.5-VL_3B'].map(packId)).toEqual(['smolvlm2-500m', 'Qwen2.5-VL_3B']);
  expect(['..', '../x', 'a/b', '.hidden', '', 'a b', 'x'.repeat(99), 3, null].map(packId)).toEqual(Array(9).fill(null));
});
