import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { readModelFile } from "../../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { AGREEMENTS, type Agreement, secondOpinion } from "../../../lib/anomaly/second-opinion.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { RoomClimate } from "../../../simulator/fleet/climate.js";
import { cleanMessages } from "../../../simulator/fleet/training-rows.js";

const START = Date.UTC(2026, 0, 5);
const fileOf = (name: string) => join(__dirname, "..", "..", "..", "models", name);

describe("shipped models iot-fleet and iot-fleet-svm", () => {
  const forest = readModelFile(fileOf("iot-fleet.json"));
  const machine = readModelFile(fileOf("iot-fleet-svm.json"));

  /** Both models as a monitor has them: what they say of a reading, by each agreement. */
  function bothModels() {
    const scorers = [new AnomalyScorer(forest), new AnomalyScorer(machine)] as const;
    return (reading: { temperature: number; humidity: number }, device: string, at: number) => {
      const judge = (scorer: AnomalyScorer) => scorer.judgeRow(scorer.rowOf(reading), device, { at });
      const judgements = [judge(scorers[0]), judge(scorers[1])] as const;
      return (agreement: Agreement) => secondOpinion(...judgements, agreement);
    };
  }

  function monitor(agreement: Agreement) {
    const judge = bothModels();
    return (...reading: Parameters<typeof judge>) => judge(...reading)(agreement);
  }

  it("are small, know temperature and humidity, and watch each device's own level", () => {
    for (const [model, name] of [
      [forest, "iot-fleet"],
      [machine, "iot-fleet-svm"],
    ] as const) {
      assert.deepEqual([model.name, model.featureNames], [name, ["temperature", "humidity"]]);
      assert.ok(statSync(fileOf(`${name}.json`)).size < 400_000);
    }
    assert.ok(forest.drift?.every(({ ownLevel }) => ownLevel));
  });

  it("flag fewer than one in a thousand messages of fleets that they were not trained on, at any time of a day", () => {
    const flagged = { both: 0, either: 0 };
    let messages = 0;
    for (const seed of [1, 2, 3, 4, 5]) {
      for (const [rateHz, durationSec] of [
        [0.004, 86_400],
        [1, 120],
      ] as const) {
        const judge = bothModels();
        // Rooms go by names: other names are other rooms.
        const fleet = { devices: 12, seed, prefix: `other-${seed}-` };
        for (const { climate, deviceId, atMs } of cleanMessages({ ...fleet, rateHz, durationSec })) {
          messages++;
          const verdict = judge(climate, deviceId, atMs);
          for (const agreement of AGREEMENTS) if (verdict(agreement).isAnomaly) flagged[agreement]++;
        }
      }
    }
    for (const agreement of AGREEMENTS) {
      const count = flagged[agreement];
      assert.ok(messages > 25_000 && count <= messages / 1000, `${agreement}: ${count} of ${messages}`);
    }
  });

  it("flag forged values, with reasons; either of them suffices between the trained range and its limits", () => {
    const random = new SeededRandom(6);
    const between = (low: number, high: number) => low + random.uniform() * (high - low);
    const scenarios: [name: string, recall: { both: number; either: number }, make: () => [number, number]][] = [
      ["high temperature", { both: 1, either: 1 }, () => [between(90, 150), between(40, 70)]],
      ["low humidity", { both: 1, either: 1 }, () => [between(22, 33), between(5, 20)]],
      ["tamper", { both: 0.9, either: 1 }, () => [between(40, 80), between(40, 60)]],
      ["just beyond", { both: 0, either: 0.98 }, () => [between(36, 40), between(40, 60)]],
    ];
    for (const [name, recall, make] of scenarios) {
      for (const agreement of AGREEMENTS) {
        const judge = monitor(agreement);
        let found = 0;
        for (let i = 0; i < 500; i++) {
          const [temperature, humidity] = make();
          const verdict = judge({ temperature, humidity }, `d${i}`, START);
          if (!verdict.isAnomaly) continue;
          found++;
          assert.ok(verdict.reasons.length > 0);
        }
        assert.ok(found >= 500 * recall[agreement], `${name}, ${agreement}: ${found}`);
      }
    }
  });

  it("find drift at any pace before it stays beyond 3 trained standard deviations for 5 minutes", () => {
    const trained = forest.training?.features[0];
    assert.ok(trained);
    const { mean, sd } = trained;
    for (const agreement of AGREEMENTS) {
      for (const [i, kelvinPerHour] of [1, 3, 10, 60, 600, -3, -60].entries()) {
        const judge = monitor(agreement);
        const level = [22.5, 27, 32][i % 3] as number;
        const climate = new RoomClimate({ levelC: level, dayAmplitudeK: 0.5 }, new SeededRandom(700 + i));
        let beyond = 0;
        let isFound = false;
        for (let second = 0; !isFound && beyond <= 300; second++) {
          const drift = Math.max(0, (second - 600) / 3600) * kelvinPerHour;
          const at = START + second * 1000;
          const verdict = judge(climate.read(at, drift), "d", at);
          isFound = verdict.isAnomaly && drift !== 0;
          if (Math.abs(climate.trueC(at) + drift - mean) > 3 * sd) beyond++;
        }
        assert.ok(isFound, `${kelvinPerHour} K/h, ${agreement}`);
      }
    }
  });
});
