import assert from "node:assert/strict";
import { addDistance, DISTANCE_NAME, distanceCentre } from "../../../../lib/anomaly/classify/distance-feature.js";
import { fitClassifier } from "../../../../lib/anomaly/classify/fit.js";
import { pickRows, rowAt } from "../../../../lib/anomaly/classify/flow-set.js";
import { mutualInformation } from "../../../../lib/anomaly/classify/mutual-information.js";
import { pearson, rankFeatures } from "../../../../lib/anomaly/classify/recipe.js";
import { SeededRandom } from "../../../../lib/common/seeded-random.js";
import { clouds, fitting, setOf } from "./support.js";

describe("the recipe that chooses columns", () => {
  it("estimates the mutual information of known cases", () => {
    const random = new SeededRandom(1);
    const labels = Int32Array.from({ length: 3000 }, (_, i) => i % 3);
    const noise = Float64Array.from(labels, () => random.gaussian());
    const apart = Float64Array.from(labels, (label) => 100 * label + random.gaussian());
    assert.ok(mutualInformation(noise, labels, 3, 1) < 0.03);
    // The class is known from the value: its entropy, ln 3.
    assert.ok(Math.abs(mutualInformation(apart, labels, 3, 1) - Math.log(3)) < 0.01);
    // Two classes whose uniform values overlap by half: ln 2 / 2.
    const two = labels.map((_, i) => i % 2);
    const half = Float64Array.from(two, (label) => random.uniform() + label / 2);
    assert.ok(Math.abs(mutualInformation(half, two, 2, 1) - Math.log(2) / 2) < 0.03);
    assert.equal(mutualInformation(noise, new Int32Array(3000), 3, 1) < 1e-9, true);
  });

  it("gives Pearson's r", () => {
    assert.ok(Math.abs(pearson(Float64Array.of(1, 2, 3), Float64Array.of(2, 4, 6)) - 1) < 1e-12);
    assert.ok(Math.abs(pearson(Float64Array.of(1, 2, 3, 4), Float64Array.of(1, -1, -1, 1))) < 1e-12);
    assert.equal(pearson(Float64Array.of(1, 1), Float64Array.of(1, 2)), 0);
  });

  it("ranks by information, leaves out what says the same again, and keeps what is asked for", () => {
    const random = new SeededRandom(2);
    const labels = Array.from({ length: 900 }, (_, i) => i % 3);
    const rows = labels.map((label) => {
      const good = random.gaussian(5 * label, 1);
      return [random.gaussian(), good, -2 * good + random.gaussian(0, 0.1), random.gaussian(label, 1)];
    });
    const set = setOf(rows, labels);
    const [noise, good, same, weak] = set.featureNames as [string, string, string, string];
    const options = { features: 2, maxCorrelation: 0.9, always: [], seed: 1 };
    const { chosen, pruned } = rankFeatures(set, options);
    const names = chosen.map(({ feature }) => feature);
    assert.ok(
      names.includes(weak) && (names.includes(good) || names.includes(same)) && names.length === 2,
      String(names),
    );
    assert.equal(pruned.length, 1);
    assert.ok(Math.abs(pruned[0]?.r as number) > 0.9);
    assert.equal(rankFeatures(set, { ...options, maxCorrelation: 1 }).pruned.length, 0);
    const forced = rankFeatures(set, { ...options, always: [noise] }).chosen.map(({ feature }) => feature);
    assert.ok(forced[0] === noise && forced.length === 2);
    assert.throws(() => rankFeatures(set, { ...options, always: ["colour"] }), /no numeric column "colour"/);
    assert.deepEqual(rankFeatures(set, options), rankFeatures(set, options));
  });

  it("measures the distance by the training rows alone", () => {
    const set = clouds(300, 3);
    const train = pickRows(
      set,
      Int32Array.from({ length: 200 }, (_, i) => i),
    );
    const centre = distanceCentre(train);
    const longer = addDistance(set, centre);
    assert.equal(longer.featureNames.at(-1), DISTANCE_NAME);
    // By hand, for one row that is not among them.
    const row = rowAt(set, 250);
    let sum = 0;
    for (let f = 0; f < 6; f++) {
      const column = Array.from({ length: 200 }, (_, i) => rowAt(train, i)[f] as number);
      const mean = column.reduce((a, b) => a + b, 0) / 200;
      const sd = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / 200);
      sum += (((row[f] as number) - mean) / (sd > 0 ? sd : 1)) ** 2;
    }
    assert.ok(Math.abs((rowAt(longer, 250)[6] as number) - Math.sqrt(sum)) < 1e-9);
    const { model } = fitClassifier(train, fitting({ distance: true }));
    assert.deepEqual(model.distance, centre);
  });

  it("chooses on the rows that it is given, and the model knows what was chosen", () => {
    const set = clouds(300, 4);
    const recipe = { features: 3, maxCorrelation: 0.99, always: [] };
    const { model, ranking } = fitClassifier(set, fitting({ recipe }));
    assert.deepEqual(
      model.featureNames,
      ranking?.chosen.map(({ feature }) => feature),
    );
    assert.ok(!model.featureNames.includes(set.featureNames[3] as string), "a column that says nothing");
  });
});
