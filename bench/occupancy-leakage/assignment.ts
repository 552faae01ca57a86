/**
 * The one-to-one assignment of rows to columns with the lowest sum of costs: shortest augmenting paths with potentials
 * (Kuhn 1955, Munkres 1957, in the form of Jonker and Volgenant 1987).
 *
 * @param costs one row for each of n, each with m >= n finite entries.
 * @returns the column of each row.
 */
export function assign(costs: readonly Float64Array[]): number[] {
  const n = costs.length;
  const m = costs[0]?.length ?? 0;
  if (m < n) throw new RangeError("an assignment needs at least as many columns as rows");
  const u = new Float64Array(n + 1);
  const v = new Float64Array(m + 1);
  /** Row, from 1, that each column has; 0 for none. */
  const owner = new Int32Array(m + 1);
  const way = new Int32Array(m + 1);
  for (let row = 1; row <= n; row++) {
    owner[0] = row;
    const least = new Float64Array(m + 1).fill(Number.POSITIVE_INFINITY);
    const used = new Uint8Array(m + 1);
    let column = 0;
    do {
      used[column] = 1;
      const current = owner[column] as number;
      const own = costs[current - 1] as Float64Array;
      let delta = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let j = 1; j <= m; j++) {
        if (used[j]) continue;
        const reduced = (own[j - 1] as number) - (u[current] as number) - (v[j] as number);
        if (reduced < (least[j] as number)) {
          least[j] = reduced;
          way[j] = column;
        }
        if ((least[j] as number) < delta) {
          delta = least[j] as number;
          next = j;
        }
      }
      for (let j = 0; j <= m; j++) {
        if (used[j]) {
          u[owner[j] as number]! += delta;
          v[j]! -= delta;
        } else {
          least[j]! -= delta;
        }
      }
      column = next;
    } while (owner[column] !== 0);
    for (; column !== 0; column = way[column] as number) owner[column] = owner[way[column] as number] as number;
  }
  const result = new Array<number>(n).fill(-1);
  for (let j = 1; j <= m; j++) if (owner[j]) result[(owner[j] as number) - 1] = j - 1;
  return result;
}
