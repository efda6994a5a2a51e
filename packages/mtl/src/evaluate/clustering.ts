/**
 * Agreement of two clusterings of the same rows, 1 where they are the same, 0 as expected by chance (Hubert & Arabie,
 * 1985). Rows with a label that is not a number are left out; where both have one cluster, or one a row, it is 1.
 */
export function adjustedRandIndex(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const pairs = (count: number) => (count * (count - 1)) / 2;
  const joint = new Map<string, number>();
  const rows = new Map<number, number>();
  const columns = new Map<number, number>();
  let total = 0;
  const raise = <K>(map: Map<K, number>, key: K) => map.set(key, (map.get(key) ?? 0) + 1);
  for (let k = 0; k < first.length; k++) {
    const [a, b] = [first[k]!, second[k]!];
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    raise(joint, `${a} ${b}`);
    raise(rows, a);
    raise(columns, b);
    total++;
  }
  const pairsIn = (map: Map<unknown, number>) => [...map.values()].reduce((sum, count) => sum + pairs(count), 0);
  const [both, inFirst, inSecond] = [pairsIn(joint), pairsIn(rows), pairsIn(columns)];
  if (total === 0) return Number.NaN;
  const expected = total < 2 ? 0 : (inFirst * inSecond) / pairs(total);
  const most = (inFirst + inSecond) / 2;
  return most === expected ? 1 : (both - expected) / (most - expected);
}
