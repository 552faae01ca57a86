/** One side of a comparison. */
export interface Contender<Measurement> {
  name: string;
  /** Starts afresh, does the job once, compares the outputs and only then says what it took. */
  measure(): Promise<Measurement>;
}

/**
 * Runs the contenders in turns (A B C, A B C, ...), so that whatever else the machine does falls on all of them.
 * The first wrong output ends the run: nothing is reported of a run in which a contender failed.
 *
 * @returns one measurement per round for every contender, by name, in the order of the contenders.
 */
export async function interleave<Measurement>(
  contenders: readonly Contender<Measurement>[],
  rounds: number,
  onProgress?: (done: number, total: number) => void,
): Promise<Map<string, Measurement[]>> {
  const results = new Map<string, Measurement[]>(contenders.map(({ name }) => [name, []]));
  const total = contenders.length * rounds;
  let done = 0;
  onProgress?.(done, total);
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      results.get(contender.name)?.push(await contender.measure());
      onProgress?.(++done, total);
    }
  }
  return results;
}
