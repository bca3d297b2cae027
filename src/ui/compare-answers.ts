/** How far two answers to the same question lie apart. Pure. */
import type { Answer } from '../shared/readings.ts';

export interface AnswerComparison {
  same: boolean;
  /** The option on which the shares differ most, with both of them, [0, 1]; null where they have no option in common. */
  farthest: { option: string; a: number; b: number } | null;
}

const plain = (text: string): string => text.trim().toLowerCase();

export function compareAnswers(a: Answer, b: Answer): AnswerComparison {
  const sharesOfB = new Map(b.distribution.map(({ option, probability }) => [option, probability]));
  let farthest: AnswerComparison['farthest'] = null;
  for (const { option, probability } of a.distribution) {
    const other = sharesOfB.get(option);
    if (other === undefined) continue;
    if (!farthest || Math.abs(probability - other) > Math.abs(farthest.a - farthest.b)) farthest = { option, a: probability, b: other };
  }
  return { same: plain(a.text) === plain(b.text), farthest };
}
