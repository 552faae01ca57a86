import { type Suite, type SuiteOptions, type SuiteResult, Unavailable } from "../harness/suite.js";
import { type AucOfSeed, PACKAGE_ROWS, packageAuc, redoubtAuc, SAMPLE_SIZE, TREES } from "./contenders.js";
import { type DataSet, defaultFolder, readDataSets } from "./data-sets.js";
import { aucFigures } from "./figures.js";
import { findSklearn, SKLEARN_MISSING, sklearnAucs } from "./sklearn.js";

const PACKAGE_MISSING = "the isolation-forest package is left out; run: npm install isolation-forest";

function aucsOf(
  auc: AucOfSeed,
  sets: readonly DataSet[],
  seeds: readonly number[],
  onRun: () => void,
): Map<string, number[]> {
  const run = (data: DataSet) => (seed: number) => {
    const value = auc(data, seed);
    onRun();
    return value;
  };
  return new Map(sets.map((data) => [data.name, seeds.map(run(data))]));
}

async function run({ rounds, data, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const sets = readDataSets(data ?? defaultFolder());
  const seeds = Array.from({ length: rounds }, (_, i) => i);
  const peer = await packageAuc();
  const python = findSklearn();
  const everyone = Boolean(process.env.CI);
  if (everyone && !python) throw new Unavailable(SKLEARN_MISSING);
  if (everyone && !peer) throw new Unavailable(PACKAGE_MISSING);
  const notes = [
    `${TREES} trees of ${SAMPLE_SIZE} rows, seeds 0 to ${rounds - 1}; trained without labels, scored on the same rows`,
  ];
  if (!python) notes.push(SKLEARN_MISSING);
  if (!peer) notes.push(PACKAGE_MISSING);
  else if (sets.some(({ labels }) => labels.length > PACKAGE_ROWS)) {
    notes.push(`the isolation-forest package gets a random ${PACKAGE_ROWS} rows of larger sets, and cannot be seeded`);
  }

  const total = sets.length * rounds * (1 + (python ? 1 : 0) + (peer ? 1 : 0));
  let done = 0;
  const onRun = () => onProgress?.(++done, total);
  onProgress?.(0, total);
  const ours = aucsOf(redoubtAuc, sets, seeds, onRun);
  const reference = python ? await sklearnAucs(python, sets, seeds, onRun) : undefined;
  const theirs = peer ? aucsOf(peer, sets, seeds, onRun) : undefined;
  const figures = sets.flatMap(({ name }) => [
    ...aucFigures(name, "redoubt", ours.get(name) as number[], reference?.get(name)),
    ...(reference ? aucFigures(name, "scikit-learn", reference.get(name) as number[]) : []),
    ...(theirs ? aucFigures(name, "isolation-forest", theirs.get(name) as number[]) : []),
  ]);
  return { figures, notes };
}

/** How well isolation forests tell anomalies: ours beside scikit-learn's and the package's, on public data sets. */
export const scoringQuality: Suite = {
  name: "scoring-quality",
  description: "ROC AUC of isolation forests beside scikit-learn and the isolation-forest package",
  rounds: 10,
  run,
};
