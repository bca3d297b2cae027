import { describe, expect, it } from 'vitest';
import { compareReports } from './compare-reports.ts';
import { facesReport, judged, sceneReport } from './evaluation.fixture.ts';

describe('compareReports', () => {
  const a = facesReport([
    judged('1.png', 'anger', 'anger'),
    judged('2.png', 'anger', 'anger'),
    judged('3.png', 'fear', 'anger'),
    judged('4.png', 'fear', null),
    judged('only-a.png', 'fear', 'fear'),
    judged('other-label.png', 'fear', 'fear'),
  ]);
  const b = facesReport(
    [
      judged('other-label.png', 'anger', 'anger'),
      judged('4.png', 'fear', null),
      judged('3.png', 'fear', 'fear'),
      judged('2.png', 'anger', 'fear'),
      judged('1.png', 'anger', 'anger'),
    ],
    { expected_calibration_error: null, abstention: null },
  );

  it('pairs the items with the same file and label, whatever their order', () => {
    const paired = compareReports(a, b)?.paired;
    expect(paired).toMatchObject({ n: 4, both: 1, onlyA: 1, onlyB: 1, neither: 1, p: 1, agreement: 0.5 });
    expect(paired?.differing.map(({ file, a: one, b: other }) => [file, one.answer, other.answer])).toEqual([
      ['2.png', 'anger', 'fear'],
      ['3.png', 'anger', 'fear'],
    ]);
  });

  it('sets the figures side by side; what both lack is left out', () => {
    const figures = compareReports(a, b)?.figures ?? [];
    expect(figures.find(({ figure }) => figure === 'accuracy')).toEqual({ figure: 'accuracy', a: 4 / 6, b: 3 / 5 });
    expect(figures.find(({ figure }) => figure === 'calibration_error')).toMatchObject({ a: 0.1, b: null });
    const neither = compareReports({ ...a, abstention: null }, b)?.figures.map(({ figure }) => figure);
    expect(neither).not.toContain('coverage');
  });

  it('has the classes of both', () => {
    const other = facesReport([], { options: ['fear', 'love'], per_class: { love: { precision: 1, recall: 1, f1: 1, support: 1 } } });
    expect(compareReports(a, other)?.classes).toEqual([
      { name: 'anger', a: 2 / 3, b: null },
      { name: 'fear', a: 0, b: null },
      { name: 'love', a: null, b: 1 },
    ]);
  });

  it('does without items where a report holds none', () => {
    const { items: _, ...bare } = b;
    expect(compareReports(a, bare)?.paired).toBeNull();
  });

  it('knows that scenes and classes have nothing in common', () => {
    expect(compareReports(a, sceneReport())).toBeNull();
  });

  it('orders scenes by how differently far off they are', () => {
    const better = sceneReport({
      items: [
        { file: '2.png', label: { valence: 1, arousal: 0 }, answer: { valence: 1, arousal: 0 } },
        { file: '1.png', label: { valence: 0, arousal: 0 }, answer: { valence: 0, arousal: 0 } },
      ],
    });
    const scenes = compareReports(sceneReport(), better)?.scenes.map(({ file, farther }) => [file, Number(farther.toFixed(9))]);
    expect(scenes).toEqual([
      ['1.png', -0.5],
      ['2.png', -0.1],
    ]);
  });
});
