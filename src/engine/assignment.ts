/** Who goes with whom at the least cost in all. Knows numbers only. */

/**
 * The Hungarian method (Kuhn 1955; row by row with potentials, as Jonker and Volgenant 1987).
 * @param costs a row for each of one side, a column for each of the other; infinite where the two cannot go together
 * @param alone what it costs to leave one of a pair alone: no pair that costs more is made
 * @returns for each row its column, or −1
 */
export function assign(costs: readonly (readonly number[])[], columns: number, alone: number): number[] {
  const rows = costs.length;
  // Each row has a column of its own beside the others, for staying alone: so there are always enough.
  const width = columns + rows;
  const cost = (row: number, column: number): number => (column < columns ? Math.min(costs[row]?.[column] ?? alone, alone) : alone);
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(width + 1);
  const rowOf = new Int32Array(width + 1); // counted from 1; column 0 holds the row that is being placed
  for (let row = 1; row <= rows; row++) {
    const least = new Float64Array(width + 1).fill(Number.POSITIVE_INFINITY);
    const before = new Int32Array(width + 1);
    const done = new Uint8Array(width + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      done[column] = 1;
      const current = rowOf[column] as number;
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let j = 1; j <= width; j++) {
        if (done[j]) continue;
        const reduced = cost(current - 1, j - 1) - (rowPotential[current] as number) - (columnPotential[j] as number);
        if (reduced < (least[j] as number)) {
          least[j] = reduced;
          before[j] = column;
        }
        if ((least[j] as number) < step) {
          step = least[j] as number;
          next = j;
        }
      }
      for (let j = 0; j <= width; j++) {
        if (done[j]) {
          const placed = rowOf[j] as number;
          rowPotential[placed] = (rowPotential[placed] as number) + step;
          columnPotential[j] = (columnPotential[j] as number) - step;
        } else least[j] = (least[j] as number) - step;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const previous = before[column] as number;
      rowOf[column] = rowOf[previous] as number;
      column = previous;
    }
  }
  const columnOf = new Array<number>(rows).fill(-1);
  for (let j = 1; j <= columns; j++) {
    const row = (rowOf[j] as number) - 1;
    if (row >= 0 && cost(row, j - 1) < alone) columnOf[row] = j - 1;
  }
  return columnOf;
}
