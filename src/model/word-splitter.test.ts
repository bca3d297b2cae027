import { describe, expect, test } from 'vitest';
import { WordSplitter } from './word-splitter.ts';

const common = `the you a i to of and in is it when my me do are day say no on that your can just always get up for be with so
don isn landlord dogs says really need time give friend snaps everything one told`;
/** Rare words behind the common ones, so that the ranks are those of a real list. */
const rare = Array.from(
  { length: 20_000 },
  (_, i) => `zz${i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? 'q')}zz`,
);
const splitter = new WordSplitter([...common.split(/\s+/), ...rare, 'berg'].join('\n'));

describe('WordSplitter', () => {
  test.each([
    ['WHENYOU SAYNO', 'WHEN YOU SAY NO'],
    ['Whenyourlandlordsaysnodogs', 'When your landlord says no dogs'],
    ['Thatonefriendwhosnapseverything', 'That one friend who snaps everything'],
    ['ITOLDYOU', 'I TOLD YOU'],
  ])('%s → %s', (raw, split) => {
    const known = new WordSplitter([...common.split(/\s+/), 'who', ...rare].join('\n'));
    expect(known.split(raw)).toBe(split);
  });

  test('punctuation, digits, case and what is split already stay', () => {
    expect(splitter.split('You can, when it is "my" DAY!')).toBe('You can, when it is "my" DAY!');
    expect(splitter.split('no,ittold:you')).toBe('no, it told: you');
    expect(splitter.split('ARE1DAY')).toBe('ARE 1 DAY');
    expect(splitter.split('the 21ST')).toBe('the 21ST');
    expect(splitter.split('www.dogs.com')).toBe('www.dogs.com');
  });

  test('contractions hold together', () => {
    expect(splitter.split("IDON'TALWAYSGET")).toBe("I DON'T ALWAYS GET");
    expect(splitter.split('itisn’tmyday')).toBe('it isn’t my day');
  });

  test('a name that is in no list stays whole', () => {
    expect(splitter.split('Zuckerberg')).toBe('Zuckerberg');
    expect(splitter.split('Qwrtz says no')).toBe('Qwrtz says no');
    expect(splitter.split('AAAAAAND')).toBe('AAAAAAND');
  });

  test('an empty list changes nothing', () => {
    expect(new WordSplitter('').split('WHENYOU')).toBe('WHENYOU');
  });
});
