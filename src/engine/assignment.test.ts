import { expect, test } from 'vitest';
import { assign } from './assignment.ts';

const ALONE = 1.5;

/** The least total of all ways to pair, tried one by one. */
function leastOf(costs: number[][], columns: number, row = 0, taken = new Set<number>()): number {
  if (row === costs.length) return 0;
  let least = ALONE + leastOf(costs, columns, row + 1, taken);
  for (let column = 0; column < columns; column++) {
    const cost = costs[row]?.[column] ?? Number.POSITIVE_INFINITY;
    if (taken.has(column) || !(cost < ALONE)) continue;
    least = Math.min(least, cost + leastOf(costs, columns, row + 1, new Set([...taken, column])));
  }
  return least;
}

test('finds the least total there is, makes no pair that costs more than staying alone, and none twice', () => {
  let seed = 1;
  const random = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (let i = 0; i < 300; i++) {
    const columns = Math.floor(random() * 6);
    const costs = Array.from({ length: Math.floor(random() * 6) }, () =>
      Array.from({ length: columns }, () => (random() < 0.3 ? Number.POSITIVE_INFINITY : 2 * random())),
    );
    const columnOf = assign(costs, columns, ALONE);
    const pairs = columnOf.flatMap((column, row) => (column < 0 ? [] : [{ column, cost: costs[row]?.[column] ?? Number.NaN }]));
    for (const { cost } of pairs) expect(cost).toBeLessThan(ALONE);
    expect(new Set(pairs.map(({ column }) => column)).size).toBe(pairs.length);
    const total = pairs.reduce((sum, { cost }) => sum + cost, (costs.length - pairs.length) * ALONE);
    expect(total).toBeCloseTo(leastOf(costs, columns), 9);
  }
});
