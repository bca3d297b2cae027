import { describe, expect, it } from 'vitest';
import { elanText } from './elan.ts';
import { explanation, marks, watched } from './session.fixture.ts';

describe('elanText', () => {
  it('is tier, begin, end, annotation a line', () => {
    expect(elanText(watched().items[0]!)).toBe(
      [
        'Ada (face 1) emotion\t00:00:00.000\t00:00:01.000\thappiness',
        'Ada (face 1) emotion\t00:00:01.000\t00:00:02.000\tsurprise',
        'Ada (face 1) emotion\t00:00:04.000\t00:00:04.500\thappiness',
        'explanation emotion\t00:00:01.000\t00:00:05.000\thappiness',
        'face 2 emotion\t00:00:00.000\t00:00:01.000\tuncertain',
        '',
      ].join('\n'),
    );
  });

  it('has a tier for each kind of mark', () => {
    const lines = elanText({ ...watched().items[0]!, marks }).split('\n');
    expect(lines).toContain('mark exclude\t00:00:00.500\t00:00:01.500\texclude');
    expect(lines).toContain('mark text\t00:00:03.000\t00:00:07.000\ta --> b');
  });

  it('has a tier for the cuts of a film', () => {
    const lines = elanText({ ...watched().items[0]!, cuts: [{ after: 1.4, time: 1.5 }] }).split('\n');
    expect(lines).toContain('scene cut\t00:00:01.500\t00:00:02.000\tcut');
  });

  it('has no annotations of a tier overlap', () => {
    const item = watched().items[0]!;
    const saying = (time: number, text: string) => explanation({ time, answer: { text, distribution: [] } });
    item.explanations = [saying(2, 'b'), saying(1, 'a'), saying(2, 'c')];
    const said = elanText(item)
      .split('\n')
      .filter((line) => line.startsWith('explanation'));
    expect(said).toEqual(['explanation emotion\t00:00:01.000\t00:00:02.000\ta', 'explanation emotion\t00:00:02.000\t00:00:06.000\tb; c']);
  });
});
